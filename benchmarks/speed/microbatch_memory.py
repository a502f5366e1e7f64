"""Peak memory and step time against `unlabeled_ratio`, in slices and whole.

    python -m benchmarks.speed.microbatch_memory

Teacher and student are alike, and learn from batches of random 32 x 32 images.
Each measurement has a process of its own, as in `reduced_memory.py`. What a
process takes before it trains is subtracted, so that weights, the batch and all
that a step keeps are left. It appends to
`benchmarks/results/microbatch_memory.jsonl`.
"""

import json
import subprocess
import sys

from absl import app
from absl import flags

from benchmarks.common.records import append

NAME = "microbatch_memory"
_SHAPE, _CLASSES = (32, 32, 3), 10

_RATIO = flags.DEFINE_integer("ratio", None, "Measures one in this process.")
_SIZE = flags.DEFINE_integer("microbatch_size", None, "Of that measurement.")
_RATIOS = flags.DEFINE_list("ratios", ["1", "3", "7", "15"], "To measure.")
_MODEL = flags.DEFINE_string("model", "wrn_10_1", "Teacher and student.")
_BATCH = flags.DEFINE_integer("batch_size", 32, "Labelled examples per step.")
_STEPS = flags.DEFINE_integer("steps", 4, "Steps timed, after two others.")


def measure() -> None:
    """Trains a few steps; prints memory and seconds per step as JSON."""
    import keras
    import numpy as np
    import tensorflow as tf

    import keras_mpl
    from benchmarks.common import timing
    from keras_mpl import models
    from keras_mpl.recipes.methods import PAPERS

    rng = np.random.default_rng(0)

    def images(number):
        return rng.random((number, *_SHAPE), "float32")

    labeled, unlabeled = _BATCH.value, _BATCH.value * _RATIO.value
    labels = rng.integers(0, _CLASSES, labeled)
    batch = keras_mpl.Batch(
        *map(
            tf.constant,
            (images(labeled), labels, images(unlabeled), images(unlabeled)),
        )
    )
    teacher, student = (
        models.create(_MODEL.value, num_classes=_CLASSES, input_shape=_SHAPE)
        for _ in range(2)
    )
    model = keras_mpl.MetaPseudoLabels(
        teacher, student, seed=0, microbatch_size=_SIZE.value, **PAPERS
    )
    model.compile(
        teacher_optimizer=keras.optimizers.SGD(0.01, 0.9),
        student_optimizer=keras.optimizers.SGD(0.01, 0.9),
    )
    timing.measure(
        tf.function(lambda: model.train_step(batch)),
        steps=_STEPS.value,
        batch_size=labeled,
        ratio=_RATIO.value,
        microbatch_size=_SIZE.value,
        model=_MODEL.value,
    )


def main(argv: list[str]) -> None:
    """Measures every ratio, in slices of a labelled batch's size and whole."""
    del argv
    if _RATIO.value is not None:
        measure()
        return
    import keras_mpl
    from keras_mpl import report

    rows = []
    for ratio in map(int, _RATIOS.value):
        for size in (None, _BATCH.value):
            command = [sys.executable, "-m", __spec__.name, *sys.argv[1:]]
            command += ["--ratio", str(ratio)]
            if size is not None:
                command += ["--microbatch_size", str(size)]
            done = subprocess.run(
                command, check=True, text=True, stdout=subprocess.PIPE
            )
            rows.append(json.loads(done.stdout.splitlines()[-1]))
            print(rows[-1], flush=True)
    append(NAME, [{**report.environment(keras_mpl.__version__), "rows": rows}])


if __name__ == "__main__":
    app.run(main)
