"""Runs a table of the paper, row by row and seed by seed, and records it.

    python benchmarks/run_table.py table2 --short --set data.dir=DIR
    python benchmarks/run_table.py table2 --short --tune --set data.dir=DIR

Each run has a folder of its own under `--runs`. A run that was killed goes on
from its last snapshot when the same command is given again; one whose record
is there under today's fingerprint is not run at all. So several processes, or
machines that share the folder, may take seeds apart (`--first_seed`).

`--short` takes the rows that two cores finish within hours; without it, those
of the paper, which need a GPU or many. `--tune` tries the settings of
`CANDIDATES` on a seed of its own, at a third of the steps, and reports accuracy on
VALIDATION images; nothing chooses by itself, the recipes say what was chosen.

Appends to `benchmarks/results/TABLE[_short][_tuning].jsonl`, with the learning
curve; `benchmarks/render.py` makes tables and figures.
"""

import json
import pathlib
import shutil

import tensorflow as tf
from absl import app
from absl import flags
from records import append
from records import read
from seed_flags import ROWS as ONLY
from seed_flags import wanted

import keras_mpl
from keras_mpl import recipes
from keras_mpl import runner

TUNING_SEED = 100
SHORT = {
    "table2": tuple(r.name for r in recipes.CIFAR10_SHORT),
}
FULL = {
    "table2": ("cifar10_4k", "cifar10_4k_none"),
}

_RATES = ("student.peak_lr=0.05", "student.peak_lr=0.1", "student.peak_lr=0.2")
_SHORT = "cifar10_4k_short"
CANDIDATES = {
    f"{_SHORT}_supervised": [(rate,) for rate in _RATES],
    f"{_SHORT}_randaugment": [(rate,) for rate in _RATES],
    f"{_SHORT}_pseudo_label": [
        ("pseudo_labels=hard",),
        ("pseudo_labels=hard", "confidence_threshold=0.8"),
        ("pseudo_labels=soft",),
    ],
    f"{_SHORT}_uda": [
        (f"confidence_threshold={value}",) for value in (0.0, 0.5, 0.8)
    ],
    f"{_SHORT}_fixmatch": [
        (f"confidence_threshold={value}",) for value in (0.5, 0.8, 0.95)
    ],
    f"{_SHORT}_none": [
        (f"consistency_weight={value}",) for value in (1.0, 3.0, 8.0)
    ],
    _SHORT: [(f"feedback_weight={value}",) for value in (0.1, 0.3, 1.0)],
    f"{_SHORT}_exact": [
        (f"feedback_weight={value}",) for value in (1.0, 5.0, 25.0)
    ],
}
_CURVE = ("stage", "step", "seconds", "val_accuracy", "val_teacher_accuracy")

_IS_SHORT = flags.DEFINE_bool("short", False, "The rows cut down.")
_TUNE = flags.DEFINE_bool("tune", False, "Try CANDIDATES, on validation.")
_RUNS = flags.DEFINE_string("runs", "runs", "Folder of the runs' folders.")
_SET = flags.DEFINE_multi_string("set", [], "KEY=VALUE, as in `keras-mpl run`.")
_STRATEGY = flags.DEFINE_string("strategy", "none", "As in `keras-mpl run`.")
_THREADS = flags.DEFINE_integer("threads", 0, "Threads of this process.")


def carried_out(recipe, seed, folder, strategy="none"):
    """Runs a recipe into a folder, or goes on with the run that is there.

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


def plan(table, *, is_short, is_tuning, overrides):
    """Yields what to run: a recipe without baselines, and how it was made."""
    for name in (SHORT if is_short else FULL)[table]:
        if ONLY.value and name not in ONLY.value:
            continue
        recipe = recipes.find(name)
        overrides = ["baselines=", *overrides]
        if not is_tuning:
            yield recipes.override(recipe, overrides), ()
            continue
        every = recipe.eval_every_steps
        budget = [
            f"{field}={third // every * every}"
            for field in ("train_steps", "pretrain_steps")
            if (third := getattr(recipe, field) // 3)
        ]
        budget.append("finetune_steps=0")
        for candidate in CANDIDATES[name]:
            settings = [*overrides, *budget, *candidate]
            yield recipes.override(recipe, settings), candidate


def main(argv):
    """Runs what has no record yet."""
    [table] = argv[1:]
    if table not in SHORT:
        raise app.UsageError(
            f"TABLE must be one of {', '.join(SHORT)}. Received: {table}"
        )
    if _THREADS.value:
        tf.config.threading.set_intra_op_parallelism_threads(_THREADS.value)
        tf.config.threading.set_inter_op_parallelism_threads(_THREADS.value)
    is_short, is_tuning = _IS_SHORT.value, _TUNE.value
    target = f"{table}{'_short' * is_short}{'_tuning' * is_tuning}"
    planned = list(
        plan(
            table,
            is_short=is_short,
            is_tuning=is_tuning,
            overrides=_SET.value,
        )
    )
    for seed in (TUNING_SEED,) if is_tuning else wanted(3):
        for recipe, candidate in planned:
            fingerprint = recipe.fingerprint()
            recorded = {(r["fingerprint"], r["seed"]) for r in read(target)}
            if (fingerprint, seed) in recorded:
                continue
            folder = pathlib.Path(_RUNS.value)
            folder /= f"{recipe.name}-{fingerprint}-seed{seed}"
            found = carried_out(recipe, seed, folder, _STRATEGY.value)
            if is_tuning:  # the test is not looked at while choosing
                found.pop("stages", None)
                found = {k: v for k, v in found.items() if k[:5] != "test_"}
            append(target, [{**found, "candidate": list(candidate)}])
            print(
                f"{recipe.name} {' '.join(candidate)} seed {seed}: validation "
                f"{found['val_accuracy']:.3f}, {found['seconds']:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    app.run(main)
