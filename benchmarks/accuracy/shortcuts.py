"""Measures what cheaper steps cost in accuracy, on digits.

    python -m benchmarks.accuracy.shortcuts [--seeds 24]

The rows are `digits_20`, its row without feedback and UDA, each with the weak
view joint, as the recipes have it, and apart; and `digits_20` with feedback at
every second, fourth and eighth step. Test accuracy, the same seeds for every
row; nothing is chosen by it. It appends one JSON line per run to
`benchmarks/results/shortcuts.jsonl` and skips what is there;
`benchmarks.tables.render` makes the table.
"""

from absl import app

import keras_mpl
from benchmarks.common.records import append
from benchmarks.common.records import read
from benchmarks.common.reused import Trainer
from benchmarks.common.seed_flags import wanted
from keras_mpl import report

NAME = "shortcuts"
RECIPES = ("digits_20", "digits_20_none", "digits_20_uda")
EVERY = (2, 4, 8)


def rows():
    """Yields a row's keys, recipe and settings, as `--set` takes them."""
    for recipe in RECIPES:
        for weak_view in ("joint", "apart"):
            keys = {"recipe": recipe, "weak_view": weak_view, "every": 1}
            yield keys, (f"method.weak_view={weak_view}",)
    for every in EVERY:
        keys = {"recipe": RECIPES[0], "weak_view": "joint", "every": every}
        yield keys, (f"method.feedback_every_steps={every}",)


def main(argv: list[str]) -> None:
    """Runs what has no record yet, and records it, seed after seed."""
    del argv
    done = {
        (*(r[key] for key in ("recipe", "weak_view", "every")), r["seed"])
        for r in read(NAME)
    }
    trainers = {
        tuple(keys.values()): (
            keys,
            Trainer(keys["recipe"], ("baselines=", *own)),
        )
        for keys, own in rows()
    }
    for seed in wanted(24):
        for row, (keys, trainer) in trainers.items():
            if (*row, seed) in done:
                continue
            found = trainer.run(seed, "test")
            where = report.environment(keras_mpl.__version__)
            append(NAME, [{**keys, "seed": seed, **found, **where}])
            print(*row, seed, found, flush=True)


if __name__ == "__main__":
    app.run(main)
