"""Measures what ramped moving statistics are worth, by length of training.

    python -m benchmarks.accuracy.moving_statistics [--seeds 4] [--rows uda]

Each recipe of 20 digits trains for 100 and 200 steps, with the fixed
momentum of its layers and with a momentum that rises, on the same seeds, and is
measured on VALIDATION images. It appends one JSON line per run to
`benchmarks/results/moving_statistics.jsonl` and skips what is there;
`render.py` makes the table.
"""

from collections.abc import Iterator

from absl import app

import keras_mpl
from benchmarks.common.records import append
from benchmarks.common.records import read
from benchmarks.common.reused import Trainer
from benchmarks.common.seed_flags import ROWS
from benchmarks.common.seed_flags import limit_threads
from benchmarks.common.seed_flags import wanted
from keras_mpl import report

NAME = "moving_statistics"
RECIPES = {
    "supervised": "digits_20_supervised",
    "uda": "digits_20_uda",
    "none": "digits_20_none",
    "mpl": "digits_20",
}
STEPS = (100, 200)


def settings(row: str, steps: int, is_ramped: bool) -> tuple[str, ...]:
    """Returns a row's settings, as `keras-mpl run --set` takes them.

    Args:
        row: A key of `RECIPES`.
        steps: Length of the training; a fifth of it is warm-up.
        is_ramped: Whether the momentum rises.
    """
    warm = steps // 5
    has_teacher = row in ("none", "mpl")
    return (
        "baselines=",
        f"train_steps={steps}",
        f"eval_every_steps={steps}",
        f"student.warmup_steps={warm}",
        *((f"teacher.warmup_steps={warm}",) if has_teacher else ()),
        f"method.ramp_statistics={str(is_ramped).lower()}",
    )


def plan() -> Iterator[tuple[str, int, bool]]:
    """Yields what to run: row, steps, whether the momentum rises."""
    for steps in STEPS:
        for row in ROWS.value or RECIPES:
            for is_ramped in (False, True):
                yield row, steps, is_ramped


def main(argv: list[str]) -> None:
    """Runs what has no record yet, and records it."""
    del argv
    limit_threads()
    done = {(*r["settings"], r["row"], r["seed"]) for r in read(NAME)}
    for row, steps, is_ramped in plan():
        chosen = settings(row, steps, is_ramped)
        trainer = Trainer(RECIPES[row], chosen)
        for seed in wanted(4):
            if (*chosen, row, seed) in done:
                continue
            found = trainer.run(seed, "validation")
            record = {
                "row": row,
                "steps": steps,
                "is_ramped": is_ramped,
                "seed": seed,
                **found,
                "settings": list(chosen),
                **report.environment(keras_mpl.__version__),
            }
            append(NAME, [record])
            print(row, steps, is_ramped, seed, found, flush=True)


if __name__ == "__main__":
    app.run(main)
