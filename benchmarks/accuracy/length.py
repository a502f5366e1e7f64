"""Trains the rows of the curve over length, one run after the other.

    python -m benchmarks.accuracy.length --data_dir=DIR --runs=RUNS --cores=1

What it answers: does feedback pay as training grows? `length_rows.py` has the
rows and the order. Each run has a folder under `--runs`; what was killed goes
on from its last snapshot when the command is given again, and what has a record
is not run again. Several processes may share `--runs`: each takes the first run
that no other one is at.

Appends to `benchmarks/results/length.jsonl`, and the search for the weights of
feedback, on validation images alone, to `length_tuning.jsonl`. Records have the
processor seconds of a run that went from beginning to end in one process, and
whether that processor has AVX-512: figures take those that have it.
"""

import json
import pathlib
import time
from collections.abc import Collection

from absl import app
from absl import flags

from benchmarks.accuracy import length_rows
from benchmarks.accuracy.length_rows import Run
from benchmarks.accuracy.run_table import run_or_resume
from benchmarks.common.claims import claimed
from benchmarks.common.data_flag import DATA_DIR
from benchmarks.common.records import Record
from benchmarks.common.records import append
from benchmarks.common.records import read
from benchmarks.common.seed_flags import ROWS as ONLY
from benchmarks.common.seed_flags import limit_threads
from keras_mpl import recipes

NAME = "length"
TUNING = f"{NAME}_tuning"


def target(run: Run) -> str:
    """Returns the name of the results file of a run."""
    return TUNING if run.is_tuning else NAME


def is_recorded(run: Run) -> bool:
    """Whether a run has a record, under today's fingerprint."""
    key = run.recipe.fingerprint(), run.seed
    return key in {(r["fingerprint"], r["seed"]) for r in read(target(run))}


def has_avx512() -> bool | None:
    """Whether a step has these instructions; without, it takes far longer."""
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return None
    return " avx512f " in text


def measured(run: Run, folder: pathlib.Path, data_dir: str | None) -> Record:
    """Makes a run, or goes on with it, and returns its record.

    Args:
        run: The run.
        folder: Its folder.
        data_dir: Where the images are.
    """
    is_whole = not (folder / "config.json").exists()
    places = [f"data.dir={data_dir}"] if data_dir else []
    before = time.process_time()
    recipe = recipes.override(run.recipe, places)
    found = run_or_resume(recipe, run.seed, folder)
    seconds = round(time.process_time() - before, 1) if is_whole else None
    config = json.loads((folder / "config.json").read_text())
    if run.is_tuning:  # the test is not looked at while choosing
        found.pop("stages", None)
        found = {k: v for k, v in found.items() if k[:5] != "test_"}
    return {
        "length": run.length,
        "row": run.row,
        "weight": run.weight,
        **found,
        "processor_seconds": seconds,
        "has_avx512": has_avx512(),
        **{k: config.get(k) for k in ("onednn", "threads_per_operation")},
    }


def make_next(
    runs: pathlib.Path, data_dir: str | None, only: Collection[str] = ()
) -> bool:
    """Makes the first run that is missing; returns whether there was one.

    Args:
        runs: Folder of the runs' folders.
        data_dir: Where the images are.
        only: Rows to look at; all if empty.
    """
    for run in length_rows.plan(read(TUNING)):
        if is_recorded(run) or (only and run.row not in only):
            continue
        weight = "" if run.weight is None else f"-{run.weight}"
        name = f"{run.length}-{run.row}{weight}-seed{run.seed}"
        folder = runs / f"{name}-{run.recipe.fingerprint()}"
        with claimed(folder) as is_ours:
            if not is_ours or is_recorded(run):
                continue
            print(f"{name}: begins", flush=True)
            found = measured(run, folder, data_dir)
            append(target(run), [found])
            print(f"{name}: validation {found['val_accuracy']:.3f}", flush=True)
            return True
    return False


def main(argv: list[str]) -> None:
    """Makes what has no record yet."""
    del argv
    limit_threads()
    runs = pathlib.Path(flags.FLAGS.runs)
    while make_next(runs, DATA_DIR.value, ONLY.value):
        pass


if __name__ == "__main__":
    app.run(main)
