"""Steps on labelled examples that count otherwise, or are there more often."""

import numpy as np
import tensorflow as tf

from keras_mpl.batch import Batch
from tests import helpers
from tests.trainers import methods

LABELS = np.array([0, 1, 0, 2, 0, 1, 0], "int32")  # 4, 2 and 1 of the classes


class Source:
    """One batch again and again, and all of its labels."""

    steps_per_epoch = 1

    def __init__(self, batch):
        self.batch, self.labels = batch, np.asarray(batch.labels)

    def batches(self, first_step=0):
        return helpers.repeated(self.batch, 2)


def batch():
    made = helpers.fake_batch(labeled=len(LABELS), dtype="float64")
    return made._replace(labels=tf.constant(LABELS))


def duplicated(made, times):
    """Each labelled example as often as `times` says."""
    rows = np.repeat(np.arange(len(LABELS)), times)
    return Batch(
        tf.gather(made.labeled_inputs, rows),
        tf.gather(made.labels, rows),
        made.weak_inputs,
        made.strong_inputs,
    )


OPTIONS = {
    "pseudo_label": {"student_labeled_weight": 0.5},
    "uda": {"consistency_weight": 1.0},
}


def after_steps(method, source, steps=2, **options):
    teacher, student = (
        helpers.tiny_net(seed=seed, dtype="float64") for seed in (1, 5)
    )
    options = {"label_smoothing": 0.1, **OPTIONS.get(method, {}), **options}
    model = methods.build(method, teacher, student, **options)
    methods.compiled(model, run_eagerly=True)
    logs = methods.fit(model, source, steps_per_epoch=steps)
    return model, logs
