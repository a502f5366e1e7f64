"""Runs a recipe and its baselines over several seeds and records each run.

    python -m benchmarks.accuracy.run_seeds digits_20 --seeds 8

It appends one JSON line per recipe and seed to `benchmarks/results/NAME.jsonl`
and skips what is there already under the same fingerprint, so a killed run
goes on where it was; `--results NEW_FOLDER` measures everything anew.
`benchmarks/tables/render.py` makes the tables.
"""

import json
import pathlib
import tempfile
from collections.abc import Sequence

from absl import app
from absl import flags

import keras_mpl
from benchmarks.common.records import Record
from benchmarks.common.records import append
from benchmarks.common.records import read
from benchmarks.common.seed_flags import SET
from benchmarks.common.seed_flags import limit_threads
from benchmarks.common.seed_flags import wanted
from keras_mpl import recipes

_NAME = flags.DEFINE_string("name", None, "Name of the results file.")


def record(
    recipe: recipes.Recipe,
    seed: int,
    overrides: Sequence[str],
    *,
    alone: bool = False,
) -> list[Record]:
    """Runs one seed; returns one record per recipe of the family.

    Args:
        recipe: What is run, after its baselines.
        seed: Of data, weights and every draw.
        overrides: Settings that are changed in all of them.
        alone: Whether the recipe runs without its baselines. It comes to the
            same, because they share nothing with it but data and seed.
    """
    extra = ["baselines="] if alone else []
    with tempfile.TemporaryDirectory() as folder:
        run = pathlib.Path(folder) / "run"
        keras_mpl.run(
            recipe,
            output=run,
            seed=seed,
            overrides=[*overrides, *extra],
            verbose=0,
        )
        config = json.loads((run / "config.json").read_text())
        result = json.loads((run / "result.json").read_text())
    kept = ("seed", "commit", "dirty", "versions", "device", "date", "split")
    shared = {"overrides": list(overrides)}
    shared |= {key: config[key] for key in kept}
    fingerprints = family(recipe, overrides)
    return [
        {"fingerprint": fingerprints[row["recipe"]], **shared, **row}
        for row in result["rows"]
    ]


def family(
    recipe: recipes.Recipe, overrides: Sequence[str] = ()
) -> dict[str, str]:
    """Returns the fingerprints of a recipe and its baselines, by name."""
    members = recipes.resolve(recipe, overrides)
    return {member.name: member.fingerprint() for member in members}


def main(argv: list[str]) -> None:
    """Runs the seeds that have no record yet."""
    [name] = argv[1:]
    limit_threads()
    recipe = recipes.find(name)
    fingerprints = family(recipe, SET.value)
    target = _NAME.value or name
    recorded = {(r["fingerprint"], r["seed"]) for r in read(target)}
    for seed in wanted(8):
        missing = [
            member
            for member, fingerprint in fingerprints.items()
            if (fingerprint, seed) not in recorded
        ]
        if not missing:
            print(f"seed {seed}: recorded already")
            continue
        rows = record(recipe, seed, SET.value, alone=missing == [name])
        append(target, rows)
        shown = {row["recipe"]: row["test_accuracy"] for row in rows}
        print(f"seed {seed}: {shown}", flush=True)


if __name__ == "__main__":
    app.run(main)
