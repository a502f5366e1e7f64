"""The records of the curve over length, and how its rows are shown."""

import statistics
from collections.abc import Mapping
from typing import NamedTuple

from benchmarks.accuracy import length
from benchmarks.accuracy import length_rows
from benchmarks.accuracy.length_rows import Run
from benchmarks.common.over_seeds import Gap
from benchmarks.common.over_seeds import gap
from benchmarks.common.records import Record
from benchmarks.common.records import read
from benchmarks.replication import collect
from benchmarks.speed import cost
from keras_mpl.recipes import work

BySeed = Mapping[int, float]


class Shown(NamedTuple):
    """How a row is shown.

    Attributes:
        title: Its name.
        color: Of its curve.
        dashes: Of its curve.
        without: The row that differs from it in the feedback alone, if any.
    """

    title: str
    color: str
    dashes: str = "-"
    without: str = ""


ROWS = {
    "supervised": Shown("labels alone", "#767676", ":"),
    "uda": Shown("UDA", "#009E73", "--"),
    "fixmatch": Shown("FixMatch", "#56B4E9", "--"),
    "none": Shown("student of a UDA teacher, no feedback", "#0072B2"),
    "exact": Shown("feedback of Eq. 3", "#000000", "-", "none"),
    "default": Shown("feedback, default kind", "#D55E00", "-", "none"),
    "none_labels": Shown(
        "no feedback, the student has the labels too", "#0072B2", ":"
    ),
    "exact_labels": Shown(
        "feedback of Eq. 3, the student has the labels too",
        "#000000",
        ":",
        "none_labels",
    ),
}


class Runs:
    """The records that count, by length and row, and then by seed.

    Attributes:
        found: The records.
        missing: Planned runs without a record, by length and row their seeds.
    """

    def __init__(self) -> None:
        self.found: dict[tuple[int, str], dict[int, Record]] = {}
        self.missing: dict[tuple[int, str], list[int]] = {}

    def lengths(self, row: str) -> list[int]:
        """Returns the lengths at which a row has a record."""
        return [n for n in length_rows.LENGTHS if (n, row) in self.found]

    def finetuned(self, steps: int, row: str) -> BySeed:
        """Returns the test accuracy of the finished student."""
        by_seed = self.found.get((steps, row), {})
        return {seed: r["test_accuracy"] for seed, r in by_seed.items()}

    def teacher(self, steps: int, row: str) -> BySeed:
        """Returns the test accuracy of the student's teacher, if any."""
        return self._trained(steps, row, "test_teacher_accuracy")

    def trained(self, steps: int, row: str) -> BySeed:
        """Returns the test accuracy of the student before finetuning."""
        return self._trained(steps, row, "test_accuracy")

    def _trained(self, steps: int, row: str, key: str) -> BySeed:
        by_seed = self.found.get((steps, row), {})
        found = {
            seed: stage[key]
            for seed, record in by_seed.items()
            for stage in record["stages"]
            if stage["stage"] == "train"
        }
        return {seed: v for seed, v in found.items() if v is not None}

    def seconds(self, steps: int, row: str) -> float | None:
        """Returns the median processor seconds of the runs that have them.

        Of processors with AVX-512 alone, or figures would compare machines.
        (Records that do not say were made on such ones.)
        """
        by_seed = self.found.get((steps, row), {})
        every = [
            r["processor_seconds"]
            for r in by_seed.values()
            if r.get("has_avx512", True)
        ]
        known = [seconds for seconds in every if seconds is not None]
        return statistics.median(known) if known else None

    def over_teacher(self, steps: int, row: str) -> Gap | float | None:
        """Returns what the student is above its own teacher."""
        return difference(self.finetuned(steps, row), self.teacher(steps, row))

    def over_none(self, steps: int, row: str) -> Gap | float | None:
        """Returns what a row is above the same one without feedback."""
        other = ROWS[row].without
        ours, theirs = (self.finetuned(steps, r) for r in (row, other))
        return difference(ours, theirs) if other else None

    def over_labels(self, steps: int, row: str) -> Gap | float | None:
        """Returns what a row is above the labels alone."""
        if row == "supervised":
            return None
        ours, theirs = (self.finetuned(steps, r) for r in (row, "supervised"))
        return difference(ours, theirs)

    def over_uda(self, steps: int, row: str) -> Gap | float | None:
        """Returns what a row is above UDA."""
        if row == "uda":
            return None
        ours, theirs = (self.finetuned(steps, r) for r in (row, "uda"))
        return difference(ours, theirs)


def by_the_package() -> Runs:
    """Returns the runs of `benchmarks.accuracy.length`, as planned."""
    by_key = {
        (r["length"], r["fingerprint"], r["seed"]): r for r in read(length.NAME)
    }
    tuned = read(length.TUNING)
    runs = Runs()
    for run in length_rows.planned():
        own = _at_chosen_weight(run, tuned)
        key = run.length, own.recipe.fingerprint(), run.seed
        into = run.length, run.row
        if key in by_key:
            runs.found.setdefault(into, {})[run.seed] = by_key[key]
        else:
            runs.missing.setdefault(into, []).append(run.seed)
    return runs


def in_jax() -> Runs:
    """Returns all trainings of `benchmarks.replication` that count.

    Those of the default kind do at the weight that was chosen.
    """
    tuned = searched(collect.TUNING)
    runs = Runs()
    for record in read(collect.NAME):
        row, weight = record["row"], record["weight"]
        if row in length_rows.WEIGHTS and weight != length_rows.chosen_weight(
            row, tuned
        ):
            continue
        into = record["length"], record["row"]
        runs.found.setdefault(into, {})[record["seed"]] = record
    return runs


def searched(name: str) -> list[Record]:
    """Returns the records of a search for weights, of the seed of searches."""
    seed = length_rows.TUNING_SEED
    return [record for record in read(name) if record["seed"] == seed]


def agreement(ours: Runs, theirs: Runs) -> list[float]:
    """Returns what `ours` is above `theirs`, finetuned, in points.

    One number for each length, row and seed that both have.
    """
    return [
        100 * (ours.finetuned(*at)[seed] - accuracy)
        for at in theirs.found
        if at in ours.found
        for seed, accuracy in theirs.finetuned(*at).items()
        if seed in ours.found[at]
    ]


def difference(ours: BySeed, theirs: BySeed) -> Gap | float | None:
    """Returns a difference in points by seed; a number where it is one seed.

    Args:
        ours: Fractions by seed.
        theirs: Likewise; what is subtracted.
    """
    common = sorted(set(ours) & set(theirs))
    if len(common) == 1:
        [seed] = common
        return 100 * (ours[seed] - theirs[seed])
    return gap(ours, theirs)


def operations(steps: int, row: str) -> float:
    """Returns the floating-point operations of a run, finetuning included."""
    recipe = Run(steps, row, 0).recipe
    return cost.flops(recipe, work.run_work(recipe))


def _at_chosen_weight(run: Run, tuned: list[Record]) -> Run:
    if run.row not in length_rows.WEIGHTS:
        return run
    return run._replace(weight=length_rows.chosen_weight(run.row, tuned))
