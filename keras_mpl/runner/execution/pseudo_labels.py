"""Records how the pseudo labels move while a stage trains.

Networks are only asked, in inference mode, so that training goes on as if
nobody had.
"""

# ruff: noqa: D102 (Keras documents these methods)

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_mpl import report
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import stages

SHARES = 0.1, 0.5, 1.0  # of the training after which the sample is labelled
_MOST = 512  # examples of the sample
_FEWEST = 64  # where images are large
_MANY = _MOST * 64 * 64 * 3  # values of all images of a sample
_AT_ONCE = 128  # inputs that are made at a time


class PseudoLabelLog(keras.callbacks.Callback):
    """Labels a fixed sample of unlabelled examples at some steps.

    Args:
        folder: The run folder.
        recipe: The recipe.
        stage: Its stage, in the state that training begins at.
        loaded: The data of the stage, in memory.
        first_step: Number of steps of the earlier stages.
    """

    def __init__(
        self,
        folder: Path,
        recipe: Recipe,
        stage: stages.Stage,
        loaded: assembly.Data,
        first_step: int,
    ):
        super().__init__()
        self._path = folder / report.PSEUDO_LABELS
        self._recipe = recipe
        self._stage = stage
        self._loaded = loaded
        self._first_step = first_step
        self._sample = sample(loaded)
        self._due = [math.ceil(share * stage.steps) for share in SHARES]

    def on_train_begin(self, logs: Any = None) -> None:
        done = self._step()
        self._due = [step for step in self._due if step > done]

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch_start = self._step()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        step = self._epoch_start + batch + 1
        if self._due and step >= self._due[0]:
            self._due = [due for due in self._due if due > step]
            report.append_record(self._path, self._record(step))

    def _step(self) -> int:
        return int(keras.ops.convert_to_numpy(self._stage.model.step))

    def _record(self, step: int) -> dict[str, object]:
        model = self._stage.model
        networks = {"student": model.ema_student}
        if "teacher" in model.networks:
            networks["teacher"] = model.networks["teacher"]
        threshold = getattr(self._recipe.method, "confidence_threshold", 0.0)
        probs = {name: self._probs(each) for name, each in networks.items()}
        return {
            "recipe": self._recipe.name,
            "stage": self._stage.name,
            "step": self._first_step + step,
            "share": step / self._stage.steps,
            **report.measured_pseudo_labels(probs, threshold),
        }

    def _probs(self, network: keras.Model) -> np.ndarray:
        rows = self._sample
        parts = [
            assembly.probs(network, self._loaded.inputs(rows[i : i + _AT_ONCE]))
            for i in range(0, len(rows), _AT_ONCE)
        ]
        return np.concatenate(parts)


def sample(loaded: assembly.Data) -> np.ndarray:
    """Returns unlabelled examples, the same ones at every call.

    There are at most 512, and fewer where images are large.

    Args:
        loaded: Data in memory.
    """
    rows = np.asarray(loaded.split.unlabeled)
    values = math.prod(tf.nest.flatten(loaded.images)[0].shape[1:])
    most = min(_MOST, max(_FEWEST, _MANY // values), len(rows))
    return rows[np.linspace(0, len(rows) - 1, most).astype(int)]


def logs(
    folder: Path,
    recipe: Recipe,
    stage: stages.Stage,
    loaded: assembly.Loaded,
    first_step: int,
) -> list[keras.callbacks.Callback]:
    """Returns the log of a stage, if it has pseudo labels of data in memory.

    Args:
        folder: The run folder.
        recipe: The recipe.
        stage: Its stage, in the state that training begins at.
        loaded: The data of the stage.
        first_step: Number of steps of the earlier stages.
    """
    is_of_use = (
        stage.name.startswith("train") and recipe.method.name != "supervised"
    )
    if not is_of_use or not isinstance(loaded, assembly.Data):
        return []
    return [PseudoLabelLog(folder, recipe, stage, loaded, first_step)]
