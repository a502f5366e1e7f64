"""`keras-mpl verify`: the gradient check, on our networks or on a user's."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_mpl import models
from keras_mpl import trainers
from keras_mpl.batch import Batch
from keras_mpl.recipes.methods import PAPERS

_BATCH = 8
_RATIO = 2
_WARM_STEPS = 3


def verify(
    teacher: str | Path | None = None,
    student: str | Path | None = None,
    *,
    learning_rate: float = 0.1,
    seed: int = 0,
) -> trainers.Verification:
    """Checks the feedback on a pair of networks and random data.

    The student's optimizer is SGD with Nesterov momentum, warmed by three
    steps; random inputs and labels do, as Eq. 3 holds for any.

    Args:
        teacher: A `.keras` file of a network with one input that ends in
            logits; `None` for both takes two small float64 networks with
            BatchNorm and dropout, on which everything can be measured.
        student: Likewise, of as many classes.
        learning_rate: The student's.
        seed: Of the data and the directions.

    Returns:
        The table and its verdict.

    Raises:
        ValueError: If one file is missing or can not be used.
    """
    if (teacher is None) != (student is None):
        raise ValueError(
            "`teacher` and `student` must both be given, or neither. "
            f"Received: teacher={teacher}, student={student}"
        )
    keras.utils.set_random_seed(seed)
    if teacher is None or student is None:
        networks, draws = (_small_network(), _small_network()), 200
    else:
        networks = (
            models.load(teacher, "teacher"),
            models.load(student, "student"),
        )
        draws = 30  # under a minute
    model = trainers.MetaPseudoLabels(
        *networks, ema_decay=0.0, seed=seed, **PAPERS
    )
    model.compile(
        teacher_optimizer=keras.optimizers.SGD(learning_rate),
        student_optimizer=keras.optimizers.SGD(
            learning_rate, momentum=0.9, nesterov=True
        ),
    )
    batch = _random_batch(networks[1], model.num_classes, seed)
    warm = tf.data.Dataset.from_tensors(batch).repeat(_WARM_STEPS)
    model.fit(warm, verbose=0)
    return trainers.verify(model, batch, draws=draws, seed=seed)


def _small_network() -> keras.Model:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((4,), dtype="float64"),
            layers.Dense(4, dtype="float64"),
            layers.BatchNormalization(dtype="float64"),
            layers.Activation("tanh", dtype="float64"),
            layers.Dropout(0.1, dtype="float64"),
            layers.Dense(3, dtype="float64"),
        ]
    )


def _random_batch(network: keras.Model, classes: int, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    shape = tuple(size or 32 for size in network.input_shape[1:])
    dtype = network.inputs[0].dtype
    weak = rng.random((_RATIO * _BATCH, *shape))
    strong = weak + rng.normal(size=weak.shape) / 10
    return Batch(
        rng.random((_BATCH, *shape)).astype(dtype),
        rng.integers(0, classes, _BATCH),
        weak.astype(dtype),
        strong.astype(dtype),
    )
