"""Measures centred feedback, and what it prevents: swings between classes.

    python -m benchmarks.accuracy.centering test [--seeds 10]
    python -m benchmarks.accuracy.centering validation --seeds 4

The recipe is `topics_20`, with each scale at weight 1, with and without
centring, where the teacher learns by UDA and where it learns from labels alone.
The cosine, centred, also has weight 0.3, the default beside labels alone. The
choice is made on VALIDATION texts, of other seeds (`--first_seed 100`) than
those of the test. It appends one JSON line per run to
`benchmarks/results/centering.jsonl` and skips what is there; `render.py` makes
the table.
"""

from absl import app

import keras_mpl
from benchmarks.common.records import append
from benchmarks.common.records import read
from benchmarks.common.reused import Trainer
from benchmarks.common.seed_flags import wanted
from keras_mpl import report

NAME = "centering"
OBJECTIVES = ("uda", "supervised")
SCALES = ("exact", "cosine")
PARTS = ("validation", "test")
LOW = 0.3  # weight of one row; of the others it is 1


def rows():
    """Yields a row's keys, recipe and settings, as `--set` takes them."""
    for objective in OBJECTIVES:
        own = ("baselines=", f"method.objective={objective}")
        keys = {"objective": objective}
        yield {**keys, "scale": "none", "centering": ""}, "topics_20_none", own
        for scale in SCALES:
            for centering in ("false", "true"):
                chosen = (
                    f"method.feedback_scale={scale}",
                    f"method.feedback_centering={centering}",
                )
                row = {**keys, "scale": scale, "centering": centering}
                yield row, "topics_20", (*own, *chosen)
        weight = f"method.feedback_weight={LOW}"
        yield {**row, "weight": LOW}, "topics_20", (*own, *chosen, weight)


def main(argv: list[str]) -> None:
    """Runs what has no record yet, and records it."""
    [part] = argv[1:]
    if part not in PARTS:
        raise app.UsageError(
            f"PART must be one of {', '.join(PARTS)}. Received: {part}"
        )
    done = {
        (*r["settings"], r.get("part", "test"), r["seed"]) for r in read(NAME)
    }
    for row, recipe, settings in rows():
        trainer = Trainer(recipe, settings)
        fingerprint = trainer.recipe.fingerprint()
        for seed in wanted(10):
            if (fingerprint, *settings, part, seed) in done:
                continue
            found = trainer.run(seed, part)
            where = report.environment(keras_mpl.__version__)
            kept = [fingerprint, *settings]
            record = {
                **row,
                "part": part,
                "seed": seed,
                **found,
                "settings": kept,
                **where,
            }
            append(NAME, [record])
            print(*row.values(), seed, found, flush=True)


if __name__ == "__main__":
    app.run(main)
