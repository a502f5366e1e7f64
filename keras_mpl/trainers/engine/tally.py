"""What was wrong with the steps of a training, noted where XLA can note it."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from keras_mpl import replicas
from keras_mpl.trainers.checks import labels as label_checks
from keras_mpl.types import Tensor

# The lowest and the highest label of a batch, shape `()` each.
Extremes = tuple[Tensor, Tensor]

# Places in the variable, which is one so that a step writes all at once.
_ROW, _STEP, _FIRST = range(3)
# Integers, as a TPU has no wide floats: above and below any label.
_NONE_YET = [np.iinfo("int64").max, np.iinfo("int64").min]


class DivergenceError(FloatingPointError):
    """Training has stopped, as too many steps in a row were not finite."""


class Tally:
    """Counts skipped steps, and remembers what was wrong with the first one.

    Args:
        classes: What the networks predict.
        limit: Steps in a row that may be skipped before training stops;
            `None` for any number.

    Attributes:
        skipped: How many steps of this epoch were skipped.
        names: Of what must be finite in a step, in order.
    """

    def __init__(self, classes: int, limit: int | None):
        self._classes = classes
        self._limit = limit
        self.names: list[str] = []
        self.skipped = keras.metrics.Sum("epoch_skipped_steps")
        self._row = _variable("skipped_row", [0, 0, 0])
        self._labels = {
            name: _variable(f"{name}_labels", _NONE_YET)
            for name in ("labels", "validation_data")
        }

    def note(
        self,
        names: list[str],
        are_good: list[Tensor],
        good: Tensor,
        step: Tensor,
    ) -> None:
        """Notes one step; called inside of it.

        Args:
            names: Of what must be finite.
            are_good: Whether each is so, in vectors that follow each other.
            good: Whether all are.
            step: Number of the step, from 0.
        """
        self.names = names
        old = self._row.value
        every = tf.concat([*are_good, [False]], axis=0)
        bad = tf.argmin(tf.cast(every, "int32"))
        begun = tf.stack([tf.cast(n, old.dtype) for n in (1, step, bad)])
        one_more = old + tf.constant([1, 0, 0], old.dtype)
        more = tf.where(old[_ROW] > 0, one_more, begun)
        self._row.assign(tf.where(good, tf.zeros_like(begun), more))
        share = tf.cast(~good, "float32") / replicas.count()
        self.skipped.update_state(share)

    def note_labels(self, name: str, found: Extremes) -> None:
        """Notes the labels of one batch; called inside of its step.

        Args:
            name: `"labels"`, or `"validation_data"`.
            found: The lowest and the highest of them.
        """
        noted = self._labels[name]
        low, high = (
            replicas.gathered(tf.cast(one, noted.dtype)) for one in found
        )
        old = noted.value
        noted.assign(
            tf.stack(
                [
                    tf.minimum(old[0], tf.reduce_min(low)),
                    tf.maximum(old[1], tf.reduce_max(high)),
                ]
            )
        )

    def skipped_in_a_row(self) -> int:
        """Number of steps skipped since the last one that counted."""
        return int(np.asarray(self._row.value)[_ROW])

    def latest(self) -> list[Tensor]:
        """What was noted so far: copies, to be read once they are there."""
        noted = [self._row, self._labels["labels"]]
        return [tf.identity(one.value) for one in noted]

    def check(self, latest: Sequence[Tensor]) -> None:
        """Raises if what was noted ends the training.

        Args:
            latest: What `latest` returned.

        Raises:
            ValueError: If a label was no class.
            DivergenceError: If too many steps in a row were skipped.
        """
        row, labels = (np.asarray(part) for part in latest)
        label_checks.check_range(labels[0], labels[1], self._classes)
        if self._limit is not None and row[_ROW] >= self._limit:
            raise DivergenceError(
                "losses and gradients must be finite. Received: NaN or "
                f"infinity in {self.names[int(row[_FIRST])]} at step "
                f"{int(row[_STEP])}, and {int(row[_ROW])} steps skipped in a "
                "row (`compile(max_skipped_steps=)`)"
            )

    def check_validation(self) -> None:
        """Raises if a label of the validation data was no class."""
        low, high = np.asarray(self._labels["validation_data"].value)
        label_checks.check_range(low, high, self._classes)

    def start(self) -> None:
        """Forgets what an earlier training has noted."""
        self._row.assign(tf.zeros(3, self._row.dtype))
        for noted in self._labels.values():
            noted.assign(_NONE_YET)


def _variable(name: str, values: list[int]) -> keras.Variable:
    return keras.Variable(
        np.asarray(values),
        dtype="int64",
        trainable=False,
        aggregation="only_first_replica",
        name=name,
    )
