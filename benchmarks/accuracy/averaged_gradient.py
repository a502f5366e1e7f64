"""Tries feedback along a moving average of the student's labelled gradients.

    python -m benchmarks.accuracy.averaged_gradient --data_dir DIR
        [--sets digits_20,digits_100] [--cores 1]

Eq. 3 multiplies with the labelled gradient of one small batch. If its noise is
what hides the feedback's worth on CIFAR-10, an average over steps should help
(`levers.Averaged`). Each row is measured on VALIDATION images alone, beside no
feedback and the kind as it is: 24 seeds of digits, 3 of CIFAR-10 for 1,000
steps, as the curve over length has it (`length_rows`). It appends one JSON line
per run to `benchmarks/results/averaged_gradient.jsonl` and skips what is there.
"""

import functools
from collections.abc import Callable
from collections.abc import Iterator
from typing import NamedTuple

from absl import app

import keras_mpl
from benchmarks.accuracy import length_rows
from benchmarks.accuracy import levers
from benchmarks.common.data_flag import DATA_DIR
from benchmarks.common.records import append
from benchmarks.common.records import read
from benchmarks.common.reused import Trainer
from benchmarks.common.seed_flags import SETS as ONLY
from benchmarks.common.seed_flags import limit_threads
from keras_mpl import report

NAME = "averaged_gradient"
FIRST_SEED = 100  # these seeds are those of no test

_DIGITS = (
    "baselines=",
    f"train_steps={levers.STEPS}",
    "eval_every_steps=100",
    "student.warmup_steps=50",
    "teacher.warmup_steps=50",
    "data.num_validation=600",
    "data.num_test=100",
    "batch_size=20",
    "method.objective=supervised",  # where feedback has most to say
    "method.feedback_weight=none",  # the default of that
)
KINDS: dict[str, Callable[..., levers.Averaged] | None] = {
    "none": None,
    "as it is": None,
    "average 0.9": functools.partial(levers.Averaged, 0.9),
    "average 0.99": functools.partial(levers.Averaged, 0.99),
}


# Seeds of each set.
SETS = {"digits_20": 24, "digits_100": 24, "cifar10": 3}


class Cell(NamedTuple):
    """A set of examples, and a kind of feedback on it.

    Attributes:
        on: One of `SETS`.
        kind: One of `KINDS`.
    """

    on: str
    kind: str

    @property
    def recipe(self) -> str:
        """Name of the recipe that is trained."""
        if self.on == "cifar10":
            return length_rows.ROWS[self._row].name
        return "digits_20_none" if self.kind == "none" else "digits_20"

    @property
    def settings(self) -> tuple[str, ...]:
        """Overrides of it, as `keras-mpl run --set` takes them."""
        if self.on == "cifar10":
            run = length_rows.Run(1000, self._row, 0, is_tuning=True)
            return run.overrides
        labels = self.on.removeprefix("digits_")
        return (*_DIGITS, f"data.num_labeled={labels}")

    @property
    def _row(self) -> str:
        """The row of `length_rows` that it is, or would be."""
        return "none" if self.kind == "none" else "exact"


def plan(only: list[str]) -> Iterator[tuple[Cell, int]]:
    """Yields what to run.

    Args:
        only: Sets to keep to; all if empty.
    """
    for on in only or SETS:
        for kind in KINDS:
            for seed in range(FIRST_SEED, FIRST_SEED + SETS[on]):
                yield Cell(on, kind), seed


def main(argv: list[str]) -> None:
    """Runs what has no record yet, and records it."""
    del argv
    limit_threads()
    done = {(r["seed"], r["kind"], *r["settings"]) for r in read(NAME)}
    trainers: dict[Cell, Trainer] = {}  # the last one: each holds its networks
    for cell, seed in plan(ONLY.value):
        if (seed, cell.kind, *cell.settings) in done:
            continue
        if cell not in trainers:
            place = [f"data.dir={DATA_DIR.value}"] * (cell.on == "cifar10")
            feedback = KINDS[cell.kind]
            made = Trainer(
                cell.recipe, [*cell.settings, *place], feedback=feedback
            )
            trainers = {cell: made}
        found = trainers[cell].run(seed, "validation")
        record = {
            **cell._asdict(),
            "seed": seed,
            **found,
            "settings": list(cell.settings),
            **report.environment(keras_mpl.__version__),
        }
        append(NAME, [record])
        print(*cell, seed, found, flush=True)


if __name__ == "__main__":
    app.run(main)
