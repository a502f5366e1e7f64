"""Figure 2 of the paper: two moons, 2,000 points, six of them labelled.

    python -m benchmarks.accuracy.two_moons literal --seeds 20
    python -m benchmarks.accuracy.two_moons no_labels --seeds 20

Trains every row of a setting on `--seeds` random data sets and appends one
JSON line per row and seed to `benchmarks/results/two_moons.jsonl`; what is
there already is skipped, so a killed run goes on where it was. A run succeeds
if the student is right on at least 97 % of the 2,000 points, at the last step.
`draw_two_moons.py` draws the pictures.
"""

import json
import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from absl import app

import keras_mpl
from benchmarks.accuracy.two_moons_settings import SETTINGS
from benchmarks.accuracy.two_moons_settings import Setting
from benchmarks.common.records import Record
from benchmarks.common.records import append
from benchmarks.common.records import read
from benchmarks.common.seed_flags import ROWS
from benchmarks.common.seed_flags import wanted
from keras_mpl import augment
from keras_mpl import data
from keras_mpl import models
from keras_mpl import report
from keras_mpl import trainers

SUCCESS = 0.97
NUM_POINTS, LABELS_PER_CLASS, BATCH_SIZE = 2000, 3, 252

NAME = "two_moons"


def moons(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns all points, their labels, and the indices of the labelled six."""
    points, labels = data.two_moons(NUM_POINTS, noise=0.1, seed=seed)
    rng = np.random.default_rng(1000 + seed)
    labeled = [
        rng.choice(np.flatnonzero(labels == k), LABELS_PER_CLASS, replace=False)
        for k in (0, 1)
    ]
    return points, labels, np.concatenate(labeled)


def _network(setting):
    init = keras.initializers.RandomUniform(-setting.init, setting.init)
    return models.mlp(
        [8, 8],
        num_classes=2,
        input_shape=(2,),
        activation=setting.activation,
        kernel_initializer=init if setting.init else "glorot_uniform",
    )


def _sgd(rate, setting):
    return keras.optimizers.SGD(
        rate, momentum=setting.momentum, nesterov=setting.momentum > 0
    )


def _fit(model, setting, batches, callbacks=()):
    rates = {"student": setting.student_lr, "teacher": setting.teacher_lr}
    names = getattr(model, "trained_networks", model.networks)
    optimizers = {
        f"{name}_optimizer": _sgd(rate, setting)
        for name, rate in rates.items()
        if name in names
    }
    model.compile(**optimizers, steps_per_execution=100, jit_compile=True)
    model.fit(
        batches,
        epochs=setting.steps // 500,
        steps_per_epoch=500,
        shuffle=False,
        verbose=0,
        callbacks=list(callbacks),
    )


def train(
    setting: Setting,
    seed: int,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> keras.Model:
    """Trains one row on one data set.

    Args:
        setting: How to train.
        seed: Of the data set, the weights and every draw.
        callbacks: Keras' callbacks during the last training.

    Returns:
        The trained model.
    """
    points, labels, labeled = moons(seed)
    keras.utils.set_random_seed(seed)
    student, teacher = _network(setting), _network(setting)
    unlabeled = np.setdiff1d(np.arange(NUM_POINTS), labeled)
    batches = data.pair(
        (points[labeled], labels[labeled]),
        points[unlabeled],
        strong=augment.GaussianNoise(setting.noise),
        batch_size=len(labeled),
        unlabeled_ratio=BATCH_SIZE // len(labeled),
        seed=seed,
    )
    shared: dict[str, Any] = {"ema_decay": 0.0, "seed": seed}
    options: dict[str, Any] = dict(setting.options)
    if setting.method == "supervised":
        model = trainers.Supervised(student, **shared)
    elif setting.method == "pseudo_labels":
        first = trainers.Supervised(teacher, **shared)
        _fit(first, setting, batches)
        model = trainers.PseudoLabel(teacher, student, **shared)
    else:
        model = trainers.MetaPseudoLabels(
            teacher, student, student_labeled_weight=0.0, **options, **shared
        )
    _fit(model, setting, batches, callbacks)
    return model


def record(name: str, row: str, seed: int) -> Record:
    """Trains one row on one data set and returns its record."""
    setting = SETTINGS[name][row]
    points, labels, _ = moons(seed)
    began = time.perf_counter()
    model = train(setting, seed)
    accuracies = {
        f"{which}_accuracy": float(
            (np.argmax(network(points), axis=-1) == labels).mean()
        )
        for which, network in model.networks.items()
    }
    return {
        "setting": name,
        "row": row,
        "seed": seed,
        "settings": setting.as_recorded(),
        **accuracies,
        "seconds": round(time.perf_counter() - began, 1),
        **report.environment(keras_mpl.__version__),
    }


def key(setting: str, row: str, seed: int, settings: object) -> tuple:
    """Returns what tells one run from every other."""
    return (setting, row, seed, json.dumps(settings, sort_keys=True))


def main(argv: list[str]) -> None:
    """Runs what has no record yet."""
    [name] = argv[1:]
    done = {
        key(r["setting"], r["row"], r["seed"], r["settings"])
        for r in read(NAME)
    }
    for seed in wanted(20):
        for row in ROWS.value or SETTINGS[name]:
            settings = SETTINGS[name][row].as_recorded()
            if key(name, row, seed, settings) in done:
                continue
            line = record(name, row, seed)
            append(NAME, [line])
            print(
                f"{name} {row}, seed {seed}: student "
                f"{line['student_accuracy']:.4f}, {line['seconds']:.0f} s",
                flush=True,
            )
            keras.backend.clear_session()


if __name__ == "__main__":
    app.run(main)
