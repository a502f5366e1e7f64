"""Every kind of feedback at every number of labels, in one table."""

import statistics

from benchmarks.accuracy.ablation_rows import ROWS
from benchmarks.common.over_seeds import gap
from benchmarks.common.provenance import where
from benchmarks.tables import ablation_records
from benchmarks.tables import markdown
from benchmarks.tables.ablation_records import BySeed
from benchmarks.tables.ablation_records import accuracies

NUMBERS = (10, 20, 50, 100)
SAMPLES = "none_sampled"
_PAIRS = (
    (SAMPLES, "accuracy"),
    ("none", "accuracy"),
    ("supervised", "accuracy"),
    ("none", "teacher_accuracy"),
)
Runs = dict[int, dict[str, BySeed]]


def _kinds(runs: Runs) -> list[str]:
    """Returns the plain rows of a kind that every number of labels has."""
    return [
        row
        for row in ROWS
        if ROWS[row].weights
        and not ROWS[row].against
        and all(row in by_row for by_row in runs.values())
    ]


def _over_numbers(runs: Runs, row: str, key: str) -> dict[int, float]:
    """Returns for each seed its mean over the numbers of labels."""
    each = [accuracies(by_row.get(row, {}), key) for by_row in runs.values()]
    common = set.intersection(*map(set, each))
    return {s: statistics.mean(one[s] for one in each) for s in common}


def kinds_table() -> str:
    """Differences from the same without feedback, paired by seed.

    The last columns compare each seed's mean over the numbers of labels,
    because a seed is one draw, however often it was used.
    """
    runs = {n: ablation_records.runs(n, "supervised") for n in NUMBERS}
    kinds = _kinds(runs)
    if not kinds:
        return ""
    titles = [
        "digits: student minus `none` from samples, points",
        *(f"{number} labels" for number in NUMBERS),
        "mean of these",
        "mean, minus `none`",
        "mean, minus labels alone",
        "mean, teacher minus that of `none`",
        "seeds",
    ]
    rows = []
    for row in kinds:
        cells = [ROWS[row].title]
        for by_row in runs.values():
            samples = accuracies(by_row[SAMPLES])
            cells.append(str(gap(accuracies(by_row[row]), samples)))
        for other, key in _PAIRS:
            ours, theirs = (_over_numbers(runs, r, key) for r in (row, other))
            found = gap(ours, theirs)
            cells.append(found.with_t if found else "")
        rows.append([*cells, str(len(ours))])
    records = [
        record
        for by_row in runs.values()
        for row in (*kinds, SAMPLES, "none", "supervised")
        for record in by_row[row].values()
    ]
    return markdown.table(titles, rows, f"{where(records)}.")
