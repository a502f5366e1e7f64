"""Figure 2 of the paper: two moons, 2,000 points, six of them labelled.

    python -m benchmarks.accuracy.two_moons literal --seeds 20
    python -m benchmarks.accuracy.two_moons no_labels --seeds 20

Trains every row of a setting on `--seeds` random data sets and appends one
JSON line per row and seed to `benchmarks/results/two_moons.jsonl`; what is
there already is skipped, so a killed run goes on where it was; pictures are
`draw_two_moons.py`'s. A run succeeds
if the student is right on at least 97 % of the 2,000 points, at the last step.
"""

import dataclasses
import json
import time

import keras
import numpy as np
from absl import app

import keras_mpl
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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Setting:
    """One way to train on two moons; see `SETTINGS`.

    Attributes:
        method: `supervised`, `pseudo_labels` or `mpl`.
        activation: Of the two hidden layers of 8.
        init: Weights start in U(-init, init); 0 for Glorot's uniform.
        steps: Of the student. A fixed teacher has had as many.
        momentum: Of both optimizers, Nesterov's.
        noise: Standard deviation of the noise on the strong view.
        options: Of `MetaPseudoLabels`.
    """

    method: str = "mpl"
    activation: str = "sigmoid"
    init: float = 0.1
    steps: int = 10_000
    student_lr: float = 0.1
    teacher_lr: float = 0.1
    momentum: float = 0.0
    noise: float = 0.0
    options: tuple = ()


def _rows(setting, **options):
    """The same setting for the baselines, and with other feedback."""
    base = dict(setting.options)
    rows = {
        "supervised": {"method": "supervised", "options": ()},
        "pseudo_labels": {"method": "pseudo_labels", "options": ()},
        **{name: {"options": base | more} for name, more in options.items()},
    }
    return {
        name: dataclasses.replace(
            setting,
            **changes | {"options": tuple(dict(changes["options"]).items())},
        )
        for name, changes in rows.items()
    }


_LITERAL = Setting(options=(("consistency_weight", 0.0),))
_NOISY = Setting(
    activation="tanh",
    init=0.0,
    steps=6_000,
    teacher_lr=0.3,
    momentum=0.9,
    noise=0.15,
    options=(
        ("consistency_weight", 0.5),
        ("consistency_ramp_steps", 1_000),
        ("temperature", 0.7),
        ("confidence_threshold", 0.0),
    ),
)
_EXACT = {"feedback_scale": "exact"}
SETTINGS = {
    # Section 3.1 to the letter.
    "literal": _rows(
        _LITERAL,
        none={"feedback": "none"},
        soft={**_EXACT},
        soft_cosine={"feedback_scale": "cosine"},
        hard_batch={**_EXACT, "feedback": "hard_batch"},
    ),
    "literal_long": _rows(
        dataclasses.replace(_LITERAL, steps=100_000),
        none={"feedback": "none"},
        soft={**_EXACT},
    ),
    # A teacher that sees the labels, and is consistent under noise.
    "labels": _rows(
        _NOISY,
        none={"feedback": "none"},
        soft={**_EXACT, "feedback_weight": 0.2},
    ),
    # The same teacher without the labels: it hears of them by feedback alone.
    "no_labels": _rows(
        dataclasses.replace(
            _NOISY, options=(*_NOISY.options, ("labeled_weight", 0.0))
        ),
        none={"feedback": "none"},
        soft={**_EXACT, "feedback_weight": 0.2},
    ),
}


def moons(seed):
    """Returns all points, their labels, and the indices of the six shown."""
    points, labels = data.two_moons(NUM_POINTS, noise=0.1, seed=seed)
    rng = np.random.default_rng(1000 + seed)
    shown = [
        rng.choice(np.flatnonzero(labels == k), LABELS_PER_CLASS, replace=False)
        for k in (0, 1)
    ]
    return points, labels, np.concatenate(shown)


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


def _fit(model, batches, steps, callbacks=()):
    optimizers = {
        f"{name}_optimizer": _sgd(rate, model.setting)
        for name, rate in (
            ("student", model.setting.student_lr),
            ("teacher", model.setting.teacher_lr),
        )
        if name in getattr(model, "trained_networks", model.networks)
    }
    model.compile(**optimizers, steps_per_execution=100, jit_compile=True)
    model.fit(
        batches,
        epochs=steps // 500,
        steps_per_epoch=500,
        shuffle=False,
        verbose=0,
        callbacks=list(callbacks),
    )


def train(setting, seed, callbacks=()):
    """Trains one row on one data set; returns its model."""
    points, labels, shown = moons(seed)
    keras.utils.set_random_seed(seed)
    student, teacher = _network(setting), _network(setting)
    hidden = np.setdiff1d(np.arange(NUM_POINTS), shown)
    batches = data.pair(
        (points[shown], labels[shown]),
        points[hidden],
        strong=augment.GaussianNoise(setting.noise),
        batch_size=len(shown),
        unlabeled_ratio=BATCH_SIZE // len(shown),
        seed=seed,
    )
    shared = {"ema_decay": 0.0, "seed": seed}
    if setting.method == "supervised":
        model = trainers.Supervised(student, **shared)
    elif setting.method == "pseudo_labels":
        first = trainers.Supervised(teacher, **shared)
        first.setting = setting
        _fit(first, batches, setting.steps)
        model = trainers.PseudoLabel(teacher, student, **shared)
    else:
        model = trainers.MetaPseudoLabels(
            teacher, student, **dict(setting.options), **shared
        )
    model.setting = setting
    _fit(model, batches, setting.steps, callbacks)
    return model


def record(name, row, seed):
    """Trains one row on one data set; returns what is recorded."""
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
        "settings": dataclasses.asdict(setting),
        **accuracies,
        "seconds": round(time.perf_counter() - began, 1),
        **report.environment(keras_mpl.__version__),
    }


def plain(setting):
    """Returns a setting as it comes back from a record."""
    return json.loads(json.dumps(dataclasses.asdict(setting)))


def key(setting, row, seed, settings):
    """What tells one run from every other."""
    return (setting, row, seed, json.dumps(settings, sort_keys=True))


def main(argv):
    """Runs what has no record yet."""
    [name] = argv[1:]
    done = {
        key(r["setting"], r["row"], r["seed"], r["settings"])
        for r in read(NAME)
    }
    for seed in wanted(20):
        for row in ROWS.value or SETTINGS[name]:
            settings = plain(SETTINGS[name][row])
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
