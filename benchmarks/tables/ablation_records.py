"""The records of the ablation that count: today's settings, chosen weights."""

import functools
from collections.abc import Mapping

from benchmarks.accuracy import feedback_ablation
from benchmarks.accuracy.ablation_rows import ROWS
from benchmarks.common.records import Record
from benchmarks.common.records import read

BySeed = dict[int, Record]

OBJECTIVES = {
    "supervised": "teacher learns from labels and feedback",
    "uda": "teacher learns by UDA and feedback",
}


@functools.cache
def _all() -> list[Record]:
    return read(feedback_ablation.NAME)


@functools.cache
def runs(labels: int, objective: str) -> dict[str, BySeed]:
    """Returns the test records of a table, by row and seed.

    Args:
        labels: Number of labels.
        objective: What the teacher learns beside the feedback; rows without
            a teacher belong to both tables.
    """
    found: dict[str, BySeed] = {}
    for r in _all():
        if r["stage"] != "test" or r["labels"] != labels:
            continue
        if r["objective"] not in ("", objective):
            continue
        settings = feedback_ablation.overrides(
            r["row"], labels, r["objective"], r["weight"]
        )
        is_chosen = r["weight"] is None or r["weight"] == _chosen(
            r["row"], labels, objective
        )
        if is_chosen and r["settings"] == list(settings):
            found.setdefault(r["row"], {})[r["seed"]] = r
    return {row: found[row] for row in ROWS if row in found}


@functools.cache
def _chosen(row: str, labels: int, objective: str) -> float | None:
    """Returns the weight that counts; none while some weight is untried."""
    try:
        return feedback_ablation.chosen_weight(row, labels, objective, _all())
    except SystemExit:
        return None


def label_counts() -> list[int]:
    """Returns the numbers of labels that have records."""
    return sorted({r["labels"] for r in _all()})


def flat(by_row: Mapping[str, BySeed]) -> list[Record]:
    """Returns the records of all rows."""
    return [
        record for by_seed in by_row.values() for record in by_seed.values()
    ]


def accuracies(by_seed: BySeed, key: str = "accuracy") -> dict[int, float]:
    """Returns one accuracy by seed, of the seeds that have it."""
    return {s: r[key] for s, r in by_seed.items() if r.get(key) is not None}
