"""Runs a recipe: trains its baselines, then it, and writes the run folder."""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf

from keras_mpl import messages
from keras_mpl import recipes
from keras_mpl import report
from keras_mpl.recipes import Recipe
from keras_mpl.recipes import lengths
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import callbacks as callback_forms
from keras_mpl.runner.building import determinism
from keras_mpl.runner.building import recorded
from keras_mpl.runner.building import settling
from keras_mpl.runner.building import stages
from keras_mpl.runner.building import strategies
from keras_mpl.runner.building import summary
from keras_mpl.runner.building import threads
from keras_mpl.runner.building.callbacks import Callbacks
from keras_mpl.runner.execution import beginning
from keras_mpl.runner.execution import budgets
from keras_mpl.runner.execution import endings
from keras_mpl.runner.execution import locks
from keras_mpl.runner.execution import pictures
from keras_mpl.runner.execution import student_file
from keras_mpl.runner.execution import unfinished
from keras_mpl.runner.execution.jobs import RunResult
from keras_mpl.runner.execution.jobs import train_all
from keras_mpl.runner.execution.jobs import without_retracing_warning


def run(
    recipe: Recipe | str,
    *,
    output: str | Path | None = None,
    seed: int = 0,
    overrides: Iterable[str] = (),
    strategy: str = "none",
    budget: str | float | None = None,
    deterministic: bool = False,
    callbacks: Callbacks = (),
    verbose: int = 1,
    is_complete: bool = False,
) -> RunResult:
    """Trains a recipe after its baselines, at equal budget, and reports.

    Args:
        recipe: A recipe, or the name of one. One that differs from that of
            its name in settings alone is that one with overrides, so its
            baselines get them too. Of `folder`, a setting that it leaves at
            the registered value counts as not set, and may follow from the
            files; see `is_complete`.
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
        callbacks: Keras callbacks for every training of the run, or
            `"module:Name"` or `'module:Name={"monitor": "val_loss"}'`, of
            which each training gets its own; or a function from a `Training`
            to its callbacks. In the texts of such arguments `{recipe}`,
            `{stage}` and `{folder}` are the training's.
        verbose: Whether to show progress and the final table. The logger
            `keras_mpl` has the messages in any case.
        is_complete: Whether every value of the recipe counts as set, so that
            none follows from the files, as of `keras-mpl run --config`.

    Returns:
        The run folder and the accuracies.

    Raises:
        ValueError: If a name, a setting or the output cannot be used; before
            any training.
    """
    start = time.perf_counter()
    make_callbacks = callback_forms.maker(callbacks)
    recipe, overrides, chosen = settling.settle(
        recipe, overrides, is_complete=is_complete
    )
    own_recipe = None if recipes.known(recipe) else recipe.to_dict()
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
        messages.shown(bool(verbose) and own is None),
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
        config = beginning.config(family, loaded, seed, overrides)
        config["own_recipe"] = own_recipe
        config["chosen"] = [*map(str, chosen)]
        if fitting_in and budget:
            config["budget"] = fitting_in.record(budget)
        if callbacks:
            config["callbacks"] = callback_forms.described(callbacks)
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
            beginning.say(folder, config, loaded, fitting_in)
            kept: list[Any] = [[None] * len(job.stages) for job in jobs]
            costs = fitting_in.costs if fitting_in else {}
            return train_all(
                jobs,
                kept,
                loaded,
                folder,
                config,
                start,
                costs,
                make_callbacks=make_callbacks,
                has_bar=bool(verbose) and own is None,
            )


def resume(
    folder: str | Path,
    *,
    strategy: str | None = None,
    deterministic: bool | None = None,
    callbacks: Callbacks = (),
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
        callbacks: As in `run`, for what is left to train; those of before
            are not kept.
        verbose: As in `run`.

    Returns:
        As `run` does.

    Raises:
        ValueError: If it is no run folder, or finished, or at work in another
            process, or if its data are not there as they were.
    """
    start = time.perf_counter()
    make_callbacks = callback_forms.maker(callbacks)
    folder = Path(folder)
    if not (folder / "config.json").exists():
        raise ValueError(
            "`run` must be a run that has begun, with a config.json in it; "
            f"what has not begins anew by `keras-mpl run`. Received: {folder}"
        )
    unfinished.check(folder)
    report.check_plain(folder)
    config = report.read_json(folder, "config.json", report.Config)
    config["strategy"] = strategy or config.get("strategy", "none")
    if deterministic is None:
        deterministic = bool(config.get("deterministic", False))
    determinism.require(deterministic)
    family = unfinished.family(folder, config)
    has_records = (folder / "metrics.jsonl").exists()
    records = report.read_records(folder) if has_records else []
    seed = config["seed"]
    where = strategies.make_strategy(config["strategy"])
    with (
        assembly.precision(family[-1].model.precision),
        _folder_for(where) as own,
        messages.shown(bool(verbose) and own is None),
        locks.locked(own or folder),
        endings.explained(folder),
    ):
        unfinished.check(folder)  # once more: it may have been at work
        loaded = assembly.load(family[-1], seed)
        recorded.check_data(folder, config, loaded)
        threads.suit(loaded.input_shape)
        with where.scope():
            jobs = [stages.job(member, loaded, seed) for member in family]
        # All are read before any worker trains, and so before one writes.
        kept = [unfinished.latest_snapshots(folder, job) for job in jobs]
        unfinished.check_records(folder, records, jobs, kept)
        config["deterministic"] = determinism.is_required()
        config["inputs"] = pictures.kind(loaded)
        config["picture"] = pictures.alternative(loaded)
        config |= student_file.described(loaded)
        if own:
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(folder / "metrics.jsonl", own)
            folder = own
        loaded.split.save(folder / "split.json")  # a kill may have torn it
        report.write_labels(folder, loaded.class_names)
        return train_all(
            jobs,
            kept,
            loaded,
            folder,
            config,
            start,
            make_callbacks=make_callbacks,
            has_bar=bool(verbose) and own is None,
        )


@contextlib.contextmanager
def _begun(folder: Path, config: dict[str, Any]) -> Iterator[None]:
    """Locks the folder of a run that can be resumed from now on."""
    report.write_json(folder / "config.json", config)
    with locks.locked(folder):
        yield


@contextlib.contextmanager
def _folder_for(where: tf.distribute.Strategy) -> Iterator[Path | None]:
    """Yields a temporary folder for every worker but the first one."""
    if strategies.is_chief(where):
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
