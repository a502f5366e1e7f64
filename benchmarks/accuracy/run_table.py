"""Runs a table of the paper, row by row and seed by seed, and records it.

    python -m benchmarks.accuracy.run_table table2 --short --set data.dir=DIR
    python -m benchmarks.accuracy.run_table table2 --short --tune

`--set data.dir=DIR` says where the images are, in both.

Each run has a folder of its own under `--runs`. A run that was killed goes on
from its last snapshot when the same command is given again; one whose record
is there under today's fingerprint is not run at all. So several processes, or
machines that share the folder, may take seeds apart (`--first_seed`).

`--short` takes the rows that two cores finish within hours; without it, those
of the paper, which need a GPU or many. `--tune` tries the settings of
`table_rows.py` on a seed of its own, at a third of the steps, and reports
accuracy on VALIDATION images; the recipes say what was chosen.

Appends to `benchmarks/results/TABLE[_short][_tuning].jsonl`, with the learning
curve; `benchmarks/tables/render.py` makes tables and figures.
`--results NEW_FOLDER`, given to both, measures everything anew, what has a
record in the checkout too.
"""

import json
import pathlib
import shutil

from absl import app
from absl import flags

import keras_mpl
from benchmarks.accuracy.table_rows import FULL
from benchmarks.accuracy.table_rows import SHORT
from benchmarks.accuracy.table_rows import TUNING_SEED
from benchmarks.accuracy.table_rows import plan
from benchmarks.common.records import Record
from benchmarks.common.records import append
from benchmarks.common.records import read
from benchmarks.common.seed_flags import ROWS as ONLY
from benchmarks.common.seed_flags import SET
from benchmarks.common.seed_flags import limit_threads
from benchmarks.common.seed_flags import wanted
from benchmarks.common.strategy_flag import STRATEGY
from keras_mpl import recipes
from keras_mpl import runner

_CURVE = ("stage", "step", "seconds", "val_accuracy", "val_teacher_accuracy")

_IS_SHORT = flags.DEFINE_bool("short", False, "The rows cut down.")
_TUNE = flags.DEFINE_bool("tune", False, "Try CANDIDATES, on validation.")
_RUNS = flags.DEFINE_string("runs", "runs", "Folder of the runs' folders.")


def run_or_resume(
    recipe: recipes.Recipe,
    seed: int,
    folder: pathlib.Path,
    strategy: str = "none",
) -> Record:
    """Runs a recipe into a folder, or goes on with the run that is there.

    Args:
        recipe: What is run.
        seed: Of data, weights and every draw.
        folder: Of the run.
        strategy: The name of one, as `keras-mpl run` takes it.

    Returns:
        One record: figures of the recipe, surroundings and learning curve.
    """
    if not (folder / "config.json").exists():
        shutil.rmtree(folder, ignore_errors=True)  # killed while it was made
        keras_mpl.run(
            recipe, output=folder, seed=seed, strategy=strategy, verbose=0
        )
    elif not (folder / "result.json").exists():
        print(f"{folder}: goes on", flush=True)
        runner.resume(folder, strategy=strategy, verbose=0)
    config = json.loads((folder / "config.json").read_text())
    result = json.loads((folder / "result.json").read_text())
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    points = [json.loads(line) for line in lines]
    kept = ("seed", "commit", "dirty", "versions", "device", "date", "split")
    return {
        "fingerprint": recipe.fingerprint(),
        **{key: config[key] for key in kept},
        **result["rows"][-1],
        "curve": [{k: p[k] for k in _CURVE if k in p} for p in points],
    }


def main(argv: list[str]) -> None:
    """Runs what has no record yet."""
    [table] = argv[1:]
    known = SHORT if _IS_SHORT.value else FULL
    if table not in known:
        raise app.UsageError(
            f"TABLE must be one of {', '.join(known)}. Received: {table}"
        )
    if _TUNE.value and not _IS_SHORT.value:
        raise app.UsageError("--tune must go with --short.")
    limit_threads()
    is_short, is_tuning = _IS_SHORT.value, _TUNE.value
    target = f"{table}{'_short' * is_short}{'_tuning' * is_tuning}"
    planned = [
        (recipe, candidate)
        for recipe, candidate in plan(
            table,
            is_short=is_short,
            is_tuning=is_tuning,
            overrides=SET.value,
        )
        if not ONLY.value or recipe.name in ONLY.value
    ]
    for seed in (TUNING_SEED,) if is_tuning else wanted(3):
        for recipe, candidate in planned:
            _run_if_new(target, recipe, candidate, seed)


def _run_if_new(
    target: str, recipe: recipes.Recipe, candidate: tuple[str, ...], seed: int
) -> None:
    """Runs and records a recipe, if it has no record in the target yet."""
    fingerprint = recipe.fingerprint()
    recorded = {(r["fingerprint"], r["seed"]) for r in read(target)}
    if (fingerprint, seed) in recorded:
        print(f"{recipe.name} seed {seed}: recorded already")
        return
    folder = pathlib.Path(_RUNS.value)
    folder /= f"{recipe.name}-{fingerprint}-seed{seed}"
    found = run_or_resume(recipe, seed, folder, STRATEGY.value)
    if _TUNE.value:  # the test is not looked at while choosing
        found.pop("stages", None)
        found = {k: v for k, v in found.items() if k[:5] != "test_"}
    append(target, [{**found, "candidate": list(candidate)}])
    title = " ".join((recipe.name, *candidate))
    print(
        f"{title} seed {seed}: validation "
        f"{found['val_accuracy']:.3f}, {found['seconds']:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    app.run(main)
