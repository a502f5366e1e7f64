"""Labels in two halves, for feedback from labels that the teacher never saw.

The labels of a recipe are cut in two, class by class. Each batch's first rows
are of the one half, its last rows of the other, which alone `Examined` asks
the student about, and `Untaught` leaves out of the teacher's own loss. All
labels are in every batch.
"""

import numpy as np
import tensorflow as tf

from benchmarks.accuracy.levers import asked_about
from keras_mpl import MetaPseudoLabels
from keras_mpl import batch as batches
from keras_mpl import data
from keras_mpl.feedback import Signal
from keras_mpl.feedback import Soft
from keras_mpl.feedback import StudentUpdate
from keras_mpl.runner.building import lookup

# What goes with `Untaught`: rows without labels count in the mean of the
# teacher's labelled loss.
UNTAUGHT = ("method.teacher_labeled_weight=2.0",)


class Halves:
    """The recipe's batches, with labelled rows in the order of the halves.

    Args:
        recipe: Names the views and the sizes; its labels are balanced.
        loaded: Its data, in memory.
        seed: Of order and views.

    Raises:
        ValueError: If not all labels are in a batch.
    """

    def __init__(self, recipe, loaded, seed):
        (inputs, labels), unlabeled = loaded.training_sets()
        if recipe.batch_size != len(labels):
            raise ValueError(
                "`batch_size` must be the number of labels. Received: "
                f"batch_size={recipe.batch_size}, {len(labels)} labels"
            )
        first = _first_half(labels)
        self._parts = [
            data.pair(
                (inputs[rows], labels[rows]),
                unlabeled,
                weak=lookup.view("weak", recipe.views.weak),
                strong=lookup.view("strong", recipe.views.strong),
                finish=loaded.finish,
                batch_size=recipe.batch_size // 2,
                unlabeled_ratio=recipe.unlabeled_ratio,
                seed=seed + 1000 * number,
            )
            for number, rows in enumerate((first, ~first))
        ]

    @property
    def steps_per_epoch(self):
        """As of either half: they are of one size."""
        return self._parts[0].steps_per_epoch

    def batches(self, first_step=0):
        """Returns an endless dataset of `Batch`, from a step on."""
        parts = [part.batches(first_step) for part in self._parts]
        return tf.data.Dataset.zip(tuple(parts)).map(self._joined)

    def _joined(self, first, second):
        order = tf.argsort(second.labels)
        second = second._replace(
            labeled_inputs=tf.gather(second.labeled_inputs, order),
            labels=tf.gather(second.labels, order),
        )
        pairs = zip(first, second, strict=True)
        return batches.Batch(*(tf.concat(pair, 0) for pair in pairs))


def _first_half(labels):
    """Which labels are of the first half: of every class, every second one."""
    before = [np.sum(labels[:row] == label) for row, label in enumerate(labels)]
    return np.array(before) % 2 == 0


class Examined(Soft):
    """The student is asked about the second half alone.

    Its rows are sorted by class, as many of each: so their labels are known
    where `Untaught` has taken them away.
    """

    def measure(self, update: StudentUpdate) -> Signal:
        """As `Soft`, of half of the labelled examples."""
        inputs, labels = update.batch.labeled_inputs, update.batch.labels
        rows, classes = labels.shape[0] // 2, labels.shape[1]
        known = tf.repeat(
            tf.eye(classes, dtype=labels.dtype), rows // classes, axis=0
        )
        asked = tf.convert_to_tensor(inputs)[-rows:]
        exam = asked_about(update, labeled_inputs=asked, labels=known)
        return super().measure(exam)


class Untaught(MetaPseudoLabels):
    """A teacher whose batches have no labels in their second half."""

    def read_batch(self, data):
        """As ever, with zeros in the place of the second half's labels."""
        batch = super().read_batch(data)
        known, asked = tf.split(batch.labels, 2)
        return batch._replace(
            labels=tf.concat([known, tf.zeros_like(asked)], 0)
        )
