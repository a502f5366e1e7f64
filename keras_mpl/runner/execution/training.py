"""Runs a recipe: trains its baselines, then it, and writes the run folder."""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from keras_mpl import names
from keras_mpl import recipes
from keras_mpl import report
from keras_mpl.recipes import Recipe
from keras_mpl.recipes import lengths
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import defaults
from keras_mpl.runner.building import determinism
from keras_mpl.runner.building import recorded
from keras_mpl.runner.building import stages
from keras_mpl.runner.building import strategies
from keras_mpl.runner.building import summary
from keras_mpl.runner.building import threads
from keras_mpl.runner.building.in_memory import Data
from keras_mpl.runner.execution import budgets
from keras_mpl.runner.execution import described
from keras_mpl.runner.execution import endings
from keras_mpl.runner.execution import fitting
from keras_mpl.runner.execution import locks
from keras_mpl.runner.execution import pictures
from keras_mpl.runner.execution import snapshots
from keras_mpl.runner.execution import student_file
from keras_mpl.runner.execution.jobs import RunResult
from keras_mpl.runner.execution.jobs import train_all
from keras_mpl.runner.execution.jobs import without_retracing_warning

_MOST_CLASSES = 40  # that are listed before training


def run(
    recipe: Recipe | str,
    *,
    output: str | Path | None = None,
    seed: int = 0,
    overrides: Iterable[str] = (),
    strategy: str = "none",
    budget: str | float | None = None,
    deterministic: bool = False,
    verbose: int = 1,
) -> RunResult:
    """Trains a recipe after its baselines, at equal budget, and reports.

    Args:
        recipe: A recipe, or the name of one. One that differs from that of
            its name in settings alone is that one with overrides, so its
            baselines get them too.
        output: The run folder, new or empty; by default the next of
            `runs/<name>-1`, `runs/<name>-2`, ...
        seed: From 0 to 2**32 - 1; everything random follows from it.
        overrides: Each `key=value`, as in `recipes.override`.
        strategy: Where to compute, as in `make_strategy`. On several workers
            each calls this; the first one has the run folder.
        budget: How long all may take, such as `"20m"`, `"1h30m"` or a number
            of seconds. A few steps of each method are tried, and the number
            of steps is chosen to fit; all lengths follow it. Baselines are
            left out first, but for the labels alone.
        deterministic: Whether every operation must give the same bits each
            time, so that equal runs end equal; slower on a GPU. It holds for
            the whole process from then on.
        verbose: Whether to show progress and the final table.

    Returns:
        The run folder and the accuracies.

    Raises:
        ValueError: If a name, a setting or the output cannot be used; before
            any training.
    """
    start = time.perf_counter()
    overrides = tuple(recipes.current(item) for item in overrides)
    if isinstance(recipe, str):
        recipe = recipes.find(recipe)
    elif known := recipes.known(recipe):
        overrides = (*recipes.changes(recipe, known), *overrides)
        recipe = known
    own_recipe = None if recipes.known(recipe) else recipe.to_dict()
    chosen = defaults.choose(recipe, overrides)
    overrides = (*(choice.item for choice in chosen), *overrides)
    family = recipes.resolve(recipe, overrides)
    recorded.check_seed(seed)
    determinism.require(deterministic)
    if budget is not None:
        budget = lengths.budget_seconds(budget)
        budgets.check(family, overrides, strategy)
    is_new = output is None or not Path(output).exists()
    where = strategies.make_strategy(strategy)
    with (
        assembly.precision(family[-1].model.precision),
        _folder_for(where) as own,
    ):
        loaded = assembly.load(family[-1], seed)
        threads.suit(loaded.input_shape)
        fitting_in = None
        if budget is not None:
            chooser = budgets.Chooser(
                recipe,
                overrides,
                loaded=loaded,
                seed=seed,
                where=where,
                budget=budget,
                start=start,
            )
            with without_retracing_warning():
                fitting_in = chooser.choose()
            overrides = (*overrides, *fitting_in.overrides)
            family = recipes.resolve(recipe, overrides)
        with where.scope():
            jobs = [stages.job(member, loaded, seed) for member in family]
        folder = own or report.create_folder(output, recipe.name)
        config = described.config(family, loaded, seed, overrides)
        config["own_recipe"] = own_recipe
        config["chosen"] = [*map(str, chosen)]
        if fitting_in and budget:
            config["budget"] = fitting_in.record(budget)
        config["strategy"] = strategy
        config["deterministic"] = determinism.is_required()
        config["replicas"] = where.num_replicas_in_sync
        config["inputs"] = pictures.kind(loaded)
        config["normalization"] = summary.normalization(loaded)
        config["picture"] = pictures.alternative(loaded)
        config |= student_file.described(loaded)
        with (
            endings.cleared_if_refused(folder, is_new),
            endings.explained(folder, (output or "RUN") if own else folder),
            _begun(folder, config),
        ):
            loaded.split.save(folder / "split.json")
            report.write_labels(folder, loaded.class_names)
            verbose = 0 if own else verbose
            if verbose:
                print(f"{folder}: seed {seed}, on {described.devices(config)}")
                print(summary.of_split(loaded))
                if isinstance(loaded, Data) and loaded.class_names:
                    print(summary.of_classes(loaded, at_most=_MOST_CLASSES))
                for line in config["chosen"]:
                    print(names.printable(f"chosen: {line}"))
                for line in fitting_in.words if fitting_in else ():
                    print(line)
            kept: list[Any] = [[None] * len(job.stages) for job in jobs]
            costs = fitting_in.costs if fitting_in else {}
            return train_all(
                jobs, kept, loaded, folder, config, verbose, start, costs
            )


def resume(
    folder: str | Path,
    *,
    strategy: str | None = None,
    deterministic: bool | None = None,
    verbose: int = 1,
) -> RunResult:
    """Goes on with a run that was interrupted, from its last snapshot.

    A deterministic run ends as it would have ended, bit for bit: data and
    draws follow from seed and step.

    Args:
        folder: The run folder; every worker must see it.
        strategy: Where to compute, as in `make_strategy`; as before if
            `None`. It may be another one.
        deterministic: As in `run`; as before if `None`.
        verbose: As in `run`.

    Returns:
        As `run` does.

    Raises:
        ValueError: If it is no run folder, or finished, or at work in another
            process, or if its data are not there as they were.
    """
    start = time.perf_counter()
    folder = Path(folder)
    if not (folder / "config.json").exists():
        raise ValueError(
            "`run` must be a run that has begun, with a config.json in it; "
            f"what has not begins anew by `keras-mpl run`. Received: {folder}"
        )
    _check_unfinished(folder)
    report.check_plain(folder)
    config = report.read_json(folder, "config.json", report.Config)
    config["strategy"] = strategy or config.get("strategy", "none")
    if deterministic is None:
        deterministic = bool(config.get("deterministic", False))
    determinism.require(deterministic)
    family = _recorded(folder, config)
    has_records = (folder / "metrics.jsonl").exists()
    records = report.read_records(folder) if has_records else []
    seed = config["seed"]
    where = strategies.make_strategy(config["strategy"])
    with (
        assembly.precision(family[-1].model.precision),
        _folder_for(where) as own,
        locks.locked(own or folder),
        endings.explained(folder),
    ):
        _check_unfinished(folder)  # once more: it may have been at work
        loaded = assembly.load(family[-1], seed)
        if loaded.split.fingerprint != config["split"]["fingerprint"]:
            raise ValueError(
                "the data must be those that the run began with, split "
                f"{config['split']['fingerprint']}. "
                f"Received: {loaded.split.fingerprint}"
            )
        threads.suit(loaded.input_shape)
        with where.scope():
            jobs = [stages.job(member, loaded, seed) for member in family]
        # All are read before any worker trains, and so before one writes.
        kept = [_latest_snapshots(folder, job, verbose) for job in jobs]
        _check_records(folder, records, jobs, kept)
        config["deterministic"] = determinism.is_required()
        config["inputs"] = pictures.kind(loaded)
        config["picture"] = pictures.alternative(loaded)
        config |= student_file.described(loaded)
        if own:
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(folder / "metrics.jsonl", own)
            folder, verbose = own, 0
        loaded.split.save(folder / "split.json")  # a kill may have torn it
        report.write_labels(folder, loaded.class_names)
        return train_all(jobs, kept, loaded, folder, config, verbose, start)


@contextlib.contextmanager
def _begun(folder: Path, config: dict[str, Any]) -> Iterator[None]:
    """Locks the folder of a run that can be resumed from now on."""
    report.write_json(folder / "config.json", config)
    with locks.locked(folder):
        yield


def _recorded(folder: Path, config: dict[str, Any]) -> list[Recipe]:
    """Returns the recipes of a run; `config` then has them in present form."""
    family = recorded.family(folder, config)
    *config["baselines"], config["recipe"] = [one.to_dict() for one in family]
    config["fingerprint"] = family[-1].fingerprint()
    return family


def _latest_snapshots(
    folder: Path, job: stages.Job, verbose: int
) -> list[snapshots.Snapshot | None]:
    """Returns the newest whole snapshot of each stage, if there is one."""
    return [
        snapshots.latest(
            fitting.snapshot_folder(folder, job.recipe, number),
            passed_over=print if verbose else None,
        )
        for number in range(len(job.stages))
    ]


def _check_records(
    folder: Path,
    records: Sequence[report.Evaluation],
    jobs: Sequence[stages.Job],
    kept: Sequence[Sequence[snapshots.Snapshot | None]],
) -> None:
    """Checks before training what the report will need after it."""
    there = {(record["recipe"], record["stage"]) for record in records}
    for job, of_stages in zip(jobs, kept, strict=True):
        for stage, snapshot in zip(job.stages, of_stages, strict=True):
            is_done = snapshot is not None and "answers" in snapshot.extra
            if is_done and (job.recipe.name, stage.name) not in there:
                raise ValueError(
                    "`run` must have the records of its finished stages in "
                    f"metrics.jsonl. Received: {folder} without those of "
                    f"{job.recipe.name}, {stage.name}"
                )


@contextlib.contextmanager
def _folder_for(where: tf.distribute.Strategy) -> Iterator[Path | None]:
    """Yields a temporary folder for every worker but the first one."""
    if strategies.is_chief(where):
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _check_unfinished(folder: Path) -> None:
    if (folder / "result.json").exists():
        raise ValueError(
            "`run` must be an unfinished run. "
            f"Received: {folder}, which has a result.json"
        )
