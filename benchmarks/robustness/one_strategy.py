"""One process of a strategy: `strategies.py` starts it, and compares.

    python -m benchmarks.robustness.one_strategy --strategy none --output F

It takes twenty steps of every network, one and twenty per call from Python,
and leaves the weights in `F.npz` and the seconds in `F.json`.
"""

import itertools
import json
import pathlib
import statistics
import time
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from absl import app
from absl import flags

import keras_mpl
from benchmarks.common.strategy_flag import STRATEGY
from keras_mpl import models
from keras_mpl import runner

NETWORKS = ("smooth", "smooth_norm", "wrn_10_1")
STEPS, LABELED, UNLABELED, CLASSES = 20, 16, 32, 10
SHAPE = (16, 16, 3)
_TIMED = 3  # epochs of so many steps, after the one that is compared

_OUTPUT = flags.DEFINE_string("output", None, "Path without its ending.")


def smooth(seed: int, has_norm: bool) -> keras.Model:
    """Makes two convolutions and a dense layer, without kinks."""

    def layer(kind, size, number, **options):
        init = keras.initializers.GlorotUniform(seed + number)
        return kind(size, kernel_initializer=init, **options)

    layers = [keras.Input(SHAPE)]
    for number, filters in enumerate((16, 32)):
        options = {"kernel_size": 3, "strides": 2, "use_bias": False}
        layers.append(layer(keras.layers.Conv2D, filters, number, **options))
        layers += [models.BatchNorm()] if has_norm else []
        layers.append(keras.layers.Activation("swish"))
    layers.append(keras.layers.GlobalAveragePooling2D())
    layers.append(layer(keras.layers.Dense, CLASSES, 2))
    return keras.Sequential(layers)


def network(name: str, seed: int) -> keras.Model:
    """Makes one of `NETWORKS`."""
    keras.utils.set_random_seed(seed)
    if name.startswith("smooth"):
        return smooth(seed, has_norm=name == "smooth_norm")
    return models.create(name, num_classes=CLASSES, input_shape=SHAPE)


def batches() -> tf.data.Dataset:
    """Returns twenty different global batches, over and over."""
    rng = np.random.default_rng(0)

    def inputs(size):
        return rng.normal(size=(STEPS, size, *SHAPE)).astype("float32")

    labels = rng.integers(0, CLASSES, (STEPS, LABELED))
    batch = keras_mpl.Batch(
        inputs(LABELED), labels, *(inputs(UNLABELED) for _ in "ws")
    )
    return tf.data.Dataset.from_tensor_slices(batch).repeat()


def model_under(
    strategy: tf.distribute.Strategy, name: str, steps_per_execution: int
) -> keras_mpl.MetaPseudoLabels:
    """Makes and compiles Meta Pseudo Labels under a strategy."""
    with strategy.scope():
        model = keras_mpl.MetaPseudoLabels(
            network(name, 1),
            network(name, 5),
            student_labeled_weight=0.0,
            temperature=0.7,
            confidence_threshold=0.0,  # a gate would be a kink
            clip_norm=1.0,
            weight_decay=5e-4,
            label_smoothing=0.1,
            seed=7,
        )
        model.compile(
            teacher_optimizer=keras.optimizers.SGD(0.05, 0.9, nesterov=True),
            student_optimizer=keras.optimizers.SGD(0.05, 0.9, nesterov=True),
            steps_per_execution=steps_per_execution,
        )
    return model


def train(
    strategy: tf.distribute.Strategy, name: str, steps_per_execution: int
) -> tuple[list[np.ndarray], dict[str, float]]:
    """Trains one network.

    Returns:
        Weights after twenty steps, and seconds per step of those after them.
    """
    model = model_under(strategy, name, steps_per_execution)
    weights: list[np.ndarray] = []
    times: list[tuple[float, float]] = []

    def after(epoch, logs):
        if epoch == 0:
            networks = (model.teacher, model.student, model.ema_student)
            variables = [w for network in networks for w in network.weights]
            weights.extend(np.copy(w.numpy()) for w in variables)
        times.append((time.perf_counter(), time.process_time()))

    watch = keras.callbacks.LambdaCallback(on_epoch_end=after)
    model.fit(
        batches(),
        steps_per_epoch=STEPS,
        epochs=1 + _TIMED,
        callbacks=[watch],
        verbose=0,
    )
    gaps = [
        [(b - a) / STEPS for a, b in zip(*pair, strict=True)]
        for pair in itertools.pairwise(times)
    ]
    wall, busy = (statistics.median(g) for g in zip(*gaps, strict=True))
    return weights, {
        "seconds_per_step": round(wall, 5),
        "cpu_seconds_per_step": round(busy, 5),
    }


def main(argv: list[str]) -> None:
    """Runs all cases of a strategy and writes what they come to."""
    del argv
    tf.config.threading.set_intra_op_parallelism_threads(1)
    strategy = runner.make_strategy(STRATEGY.value)
    arrays: dict[str, Any] = {}
    seconds: dict[str, dict[str, float]] = {}
    for net in NETWORKS:
        for steps in (1, STEPS):
            weights, seconds[f"{net}/{steps}"] = train(strategy, net, steps)
            for number, weight in enumerate(weights):
                arrays[f"{net}/{steps}/{number}"] = weight
    np.savez(f"{_OUTPUT.value}.npz", **arrays)
    pathlib.Path(f"{_OUTPUT.value}.json").write_text(json.dumps(seconds))


if __name__ == "__main__":
    app.run(main)
