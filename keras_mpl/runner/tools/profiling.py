"""`keras-mpl profile`: what a recipe's step costs, and what to do about it."""

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_mpl import messages
from keras_mpl import names
from keras_mpl import onednn
from keras_mpl import recipes
from keras_mpl import report
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import settling
from keras_mpl.runner.building import stages
from keras_mpl.runner.building import strategies
from keras_mpl.runner.building import threads
from keras_mpl.runner.execution import waiting
from keras_mpl.runner.tools import profile_page
from keras_mpl.runner.tools import trace
from keras_mpl.trainers.checks import lengths as length_checks

_CALLS = 6  # the first compiles, the last is traced, those between are timed
_EPOCHS = 2  # waiting is measured in the first, which ends before the trace


class _Clock(keras.callbacks.Callback):
    """Times the calls of a step, and traces the last one."""

    def __init__(self, folder: Path):
        super().__init__()
        self.seconds: list[float] = []
        self.memory = 0.0
        self._folder = folder

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if len(self.seconds) == _CALLS - 1:
            self.memory = _peak_memory()  # the trace is not part of it
            tf.profiler.experimental.start(str(self._folder))
        self._start = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        keras.ops.convert_to_numpy(self.model.step)  # an accelerator is done
        self.seconds.append(time.perf_counter() - self._start)
        if len(self.seconds) == _CALLS:
            tf.profiler.experimental.stop()


class _Measured(NamedTuple):
    """What a training of a few steps has shown."""

    clock: _Clock
    data_wait_fraction: float | None


def profile(
    recipe: Recipe | str,
    *,
    output: str | Path,
    steps: int = 5,
    seed: int = 0,
    overrides: Iterable[str] = (),
    strategy: str = "none",
) -> Path:
    """Trains a recipe for a few steps, and writes down what they cost.

    The recipe's own training is measured, without its baselines, and with what
    a run would choose for it. The folder then has a trace for TensorBoard
    (`tensorboard --logdir OUTPUT`) and `profile.md`: seconds, memory, the share
    of waiting for data, the time by kind of operation, and what to try.

    Args:
        recipe: A recipe, or the name of one.
        output: The folder to write, new or empty.
        steps: Steps of a call; of six calls the first compiles, the last is
            traced, and those between are timed.
        seed: As in `run`.
        overrides: As in `run`.
        strategy: As in `run`.

    Returns:
        The path of `profile.md`.

    Raises:
        ValueError: If a name, a setting or the output cannot be used.
    """
    if steps < 1:
        raise ValueError(f"`steps` must be 1 or more. Received: steps={steps}")
    settled = settling.settle(recipe, overrides)
    found = recipes.resolve(settled.recipe, settled.overrides)[-1]
    for choice in settled.chosen:
        messages.say(names.printable(f"chosen: {choice}"))
    where = strategies.make_strategy(strategy)
    folder = report.create_folder(output, found.name)
    with assembly.precision(found.model.precision):
        loaded = assembly.load(found, seed)
        threads.suit(loaded.input_shape)
        with where.scope():
            job = stages.job(found, loaded, seed)
        [stage] = [one for one in job.stages if one.name == "train"]
        measured = _measure(stage, folder, steps)
    text = profile_page.page(
        _facts(found, stage.model, measured, folder, steps)
    )
    path = folder / "profile.md"
    report.replace(path, text)
    return path


def _measure(stage: stages.Stage, folder: Path, steps: int) -> _Measured:
    """Trains a few steps as a run does, with as many steps per call."""
    model, clock = stage.model, _Clock(folder)
    model.steps_per_execution = steps
    batches, first = waiting.measured(
        stage.make_data(folder).batches, model.distribute_strategy
    )
    callbacks: list[keras.callbacks.Callback] = [*first, clock]
    with length_checks.unsaid():
        history = model.fit(
            batches,
            epochs=_EPOCHS,
            steps_per_epoch=_CALLS * steps // _EPOCHS,
            callbacks=callbacks,
            verbose=0,
        )
    shares = history.history.get(waiting.KEY, [None])
    return _Measured(clock, shares[0])


def _facts(
    recipe: Recipe, model: Any, measured: _Measured, folder: Path, steps: int
) -> profile_page.Facts:
    first, *timed, _ = measured.clock.seconds
    seconds = float(np.median(timed)) / steps
    unlabeled = recipe.batch_size * recipe.unlabeled_ratio
    device = _device()
    names = [
        getattr(model, f"{name}_optimizer").name.lower()
        for name in model.trained_networks
    ]
    return profile_page.Facts(
        title=recipes.title(recipe),
        summary=recipe.summary,
        network=recipe.model.network,
        precision=recipe.model.precision,
        device=device,
        cores=_cores(),
        is_onednn_on=onednn.is_on(),
        labeled=recipe.batch_size,
        unlabeled=unlabeled,
        steps=steps,
        seconds=seconds,
        first_seconds=first - (steps - 1) * seconds,
        memory=measured.clock.memory,
        data_wait_fraction=measured.data_wait_fraction,
        kinds=trace.read(folder, names) if device == "CPU" else None,
    )


def _device() -> str:
    kinds = [one.device_type for one in tf.config.list_logical_devices()]
    found = [f"{kind} {kinds.count(kind)}" for kind in ("GPU", "TPU")]
    others = [text for text in found if not text.endswith(" 0")]
    return ", ".join(others) or "CPU"


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _peak_memory() -> float:
    """Returns the most memory that the process has had, in mebibytes, or 0."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / (1 << 10)
