"""The rows of the curve over length, their settings, and their order.

A row is a short row of CIFAR-10 (`keras_mpl.recipes.cifar10_short`) in another
length: its schedule follows, its finetuning does not. Every teacher that is
consistent has the settings of UDA's row, so that UDA, no feedback and feedback
differ in nothing else, and every weak view passes apart.
"""

import statistics
from collections.abc import Iterator
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.common.records import Record
from keras_mpl import recipes

TUNING_SEED, TUNED_AT = 100, 3000
EVERY = 100  # steps from one point of a curve, and snapshot, to the next

_PREFIX = "cifar10_4k_short"
_CONSISTENCY = (
    "temperature",
    "threshold_on",
    "confidence_threshold",
    "consistency_weight",
    "consistency_ramp_steps",
)
# By row, the weights of the feedback to choose from on validation. Eq. 3 has a
# unit of its own, which was the best of 1, 5 and 25 at 1,000 steps too.
WEIGHTS = {"default": (0.03, 0.1, 0.3)}


class Run(NamedTuple):
    """A training to be made.

    Attributes:
        length: Steps.
        row: Of `ROWS`.
        seed: Of data, weights and every draw.
        weight: Of the feedback that is tried, or was chosen; `None` for the
            row's own.
        is_tuning: Whether validation alone is looked at.
    """

    length: int
    row: str
    seed: int
    weight: float | None = None
    is_tuning: bool = False

    @property
    def recipe(self) -> recipes.Recipe:
        """What is run, without the places of the data."""
        return recipes.override(ROWS[self.row], self.overrides)

    @property
    def overrides(self) -> tuple[str, ...]:
        """What differs from the short row, as `keras-mpl run --set` has it."""
        short = ROWS[self.row]
        warm_up = self.length // 10
        found = [
            "baselines=",
            f"train_steps={self.length}",
            f"eval_every_steps={EVERY}",
            f"student.warmup_steps={warm_up}",
        ]
        if short.teacher is not None:
            found.append(f"teacher.warmup_steps={warm_up}")
            uda = recipes.settings(ROWS["uda"])
            keys = [f"method.{key}" for key in _CONSISTENCY]
            found += [f"{key}={uda[key]}" for key in keys]
        if short.method.name != "supervised":
            found.append("method.weak_view=apart")
        if self.weight is not None:
            found.append(f"method.feedback_weight={self.weight}")
        if self.is_tuning:
            found.append("stages.finetune_steps=0")
        return tuple(found)


def _short(name: str) -> recipes.Recipe:
    return recipes.find("_".join(filter(None, (_PREFIX, name))))


ROWS = {
    "supervised": _short("supervised"),
    "uda": _short("uda"),
    "fixmatch": _short("fixmatch"),
    "none": _short("none"),
    "exact": _short("exact"),
    "default": _short(""),
    "none_labels": _short("none_labels"),
    "exact_labels": _short("exact_labels"),
}
LENGTHS = (1000, 3000, 10_000)
# What answers the question soonest comes first: length, seeds, rows.
_FIRST = ("supervised", "uda", "none", "exact")
_ORDER = (
    (3000, (0,), _FIRST),
    (3000, (1, 2), ("none", "exact", "uda", "supervised")),
    (3000, (0, 1, 2), ("default", "fixmatch")),
    (3000, (0, 1, 2), ("none_labels", "exact_labels")),
    (1000, (0, 1, 2), tuple(ROWS)),
    (10_000, (0, 1), ("none", "exact", "uda", "supervised", "default")),
)


def planned() -> tuple[Run, ...]:
    """Returns the runs to be reported, in order, without chosen weights."""
    return tuple(
        Run(length, row, seed)
        for length, seeds, rows in _ORDER
        for seed in seeds
        for row in rows
    )


def plan(tuned: Sequence[Record]) -> Iterator[Run]:
    """Yields the runs in order, a row's search before its first one.

    A row whose weight has not been chosen yet is left out.

    Args:
        tuned: The records of the searches.
    """
    for run in planned():
        if run.row not in WEIGHTS:
            yield run
            continue
        for weight in WEIGHTS[run.row]:
            yield Run(TUNED_AT, run.row, TUNING_SEED, weight, is_tuning=True)
        best = chosen_weight(run.row, tuned)
        if best is not None:
            yield run._replace(weight=best)


def chosen_weight(row: str, tuned: Sequence[Record]) -> float | None:
    """Returns the weight that did best on validation, the smaller of two.

    Args:
        row: One of `WEIGHTS`.
        tuned: The records of the searches.

    Returns:
        `None` if a weight has not been tried.
    """
    tried: dict[float, list[float]] = {w: [] for w in WEIGHTS[row]}
    for record in tuned:
        if record["row"] == row and record["weight"] in tried:
            tried[record["weight"]].append(record["val_accuracy"])
    if not all(tried.values()):
        return None
    means = {w: statistics.mean(values) for w, values in tried.items()}
    return max(sorted(means), key=lambda weight: means[weight])
