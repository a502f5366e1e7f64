"""Peak memory and step time of Reduced MPL against MPL with a large teacher.

    python -m benchmarks.speed.reduced_memory

Both have the same student and batches of random 32 x 32 images, and no UDA. The
one trains beside a large teacher, the other beside an MLP over that teacher's
stored probabilities, which are random here: neither memory nor time depends on
them.
Each variant runs in a process of its own, whose peak resident memory and
processor time the operating system keeps (the latter says what a step costs
where others use the machine, too); where there is a GPU, TensorFlow's own peak
is recorded, too. It appends to `benchmarks/results/reduced_memory.jsonl`, which
`render.py` reads.
"""

import functools
import itertools
import json
import resource
import statistics
import subprocess
import sys
import time

import keras
import numpy as np
import tensorflow as tf
from absl import app
from absl import flags

import keras_mpl
from benchmarks.common.records import Record
from benchmarks.common.records import append
from keras_mpl import models
from keras_mpl import report
from keras_mpl import trainers
from keras_mpl.recipes.methods import PAPERS

NAME = "reduced_memory"
VARIANTS = ("mpl", "reduced")
_SHAPE, _CLASSES, _WARM = (32, 32, 3), 10, 2

_VARIANT = flags.DEFINE_enum(
    "variant", None, VARIANTS, "Runs one in this process, and prints JSON."
)
_STUDENT = flags.DEFINE_string("student", "wrn_10_2", "The student.")
_TEACHER = flags.DEFINE_string("teacher", "wrn_28_2", "The large teacher.")
_BATCH = flags.DEFINE_integer("batch_size", 16, "Labelled examples per step.")
_RATIO = flags.DEFINE_integer("ratio", 7, "Unlabelled per labelled example.")
_STEPS = flags.DEFINE_integer("steps", 12, "Steps timed, after two others.")


def networks(variant: str) -> tuple[keras.Model, keras.Model]:
    """Returns teacher and student of a variant."""
    create = functools.partial(
        models.create, num_classes=_CLASSES, input_shape=_SHAPE
    )
    student = create(_STUDENT.value)
    if variant == "mpl":
        return create(_TEACHER.value), student
    teacher = trainers.reduced_teacher(_CLASSES, _SHAPE)
    return teacher, trainers.beside_probs(student)


def batch(variant: str) -> keras_mpl.Batch:
    """Returns random images, beside stored probabilities if it is reduced."""
    rng = np.random.default_rng(0)

    def inputs(size):
        images = rng.random((size, *_SHAPE), "float32")
        if variant == "mpl":
            return images
        probs = rng.dirichlet(np.ones(_CLASSES), size).astype("float32")
        return {"inputs": images, "probs": probs}

    labels = rng.integers(0, _CLASSES, _BATCH.value)
    size = _BATCH.value * _RATIO.value
    return keras_mpl.Batch(
        inputs(_BATCH.value), labels, inputs(size), inputs(size)
    )


def peak_mib() -> float:
    """Returns the peak resident memory of this process, in MiB (Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def gpu_peak_mib() -> float | None:
    """Returns TensorFlow's peak on the first GPU in MiB, if there is one."""
    if not tf.config.list_physical_devices("GPU"):
        return None
    return tf.config.experimental.get_memory_info("GPU:0")["peak"] / 2**20


def measure(variant: str) -> Record:
    """Trains a few steps; returns memory and seconds per step."""
    teacher, student = networks(variant)
    model = keras_mpl.MetaPseudoLabels(
        teacher, student, objective="supervised", seed=0, **PAPERS
    )
    model.compile(
        teacher_optimizer=keras.optimizers.SGD(0.01, 0.9),
        student_optimizer=keras.optimizers.SGD(0.01, 0.9),
    )
    times = []
    clock = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda step, logs: times.append(
            (time.perf_counter(), time.process_time())
        )
    )
    data = tf.data.Dataset.from_tensors(batch(variant)).repeat()
    before = peak_mib()
    steps = _STEPS.value + _WARM
    model.fit(data, steps_per_epoch=steps, callbacks=[clock], verbose=0)
    wall, busy = (
        statistics.median(b - a for a, b in itertools.pairwise(part))
        for part in zip(*times[_WARM - 1 :], strict=True)
    )
    return {
        "variant": variant,
        "teacher_weights": teacher.count_params(),
        "student_weights": student.count_params(),
        "peak_mib": round(peak_mib(), 1),
        "peak_mib_before_training": round(before, 1),
        "gpu_peak_mib": gpu_peak_mib(),
        "seconds_per_step": round(wall, 4),
        "cpu_seconds_per_step": round(busy, 4),
    }


def main(argv: list[str]) -> None:
    """Runs both variants, one after the other, and records them."""
    del argv
    if _VARIANT.value is not None:
        print(json.dumps(measure(_VARIANT.value)))
        return
    rows = []
    for variant in VARIANTS:
        command = [sys.executable, "-m", __spec__.name, *sys.argv[1:]]
        command += ["--variant", variant]
        done = subprocess.run(
            command, check=True, text=True, stdout=subprocess.PIPE
        )
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        print(rows[-1], flush=True)
    record = {
        **report.environment(keras_mpl.__version__),
        "student": _STUDENT.value,
        "teacher": _TEACHER.value,
        "batch_size": _BATCH.value,
        "unlabeled_ratio": _RATIO.value,
        "steps": _STEPS.value,
        "rows": rows,
    }
    append(NAME, [record])


if __name__ == "__main__":
    app.run(main)
