"""Measures every network of a model on ordinary `(inputs, labels)`.

The half of Keras' surface that does not train: `evaluate`, `predict` and the
metrics.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_mpl import losses
from keras_mpl import replicas
from keras_mpl.trainers.checks import batches as batch_checks
from keras_mpl.trainers.checks import fit as fit_checks
from keras_mpl.trainers.checks import labels as label_checks
from keras_mpl.trainers.engine import guard
from keras_mpl.trainers.engine.loop import ReplicatedModel
from keras_mpl.trainers.engine.metrics import Measured
from keras_mpl.trainers.engine.metrics import of_network
from keras_mpl.trainers.engine.tally import Tally
from keras_mpl.types import Tensor


class EvaluatedModel(ReplicatedModel):
    """A model of one or more networks, whose average answers.

    Subclasses have the attributes `student`, `ema_student` and `num_classes`.
    """

    student: keras.Model
    ema_student: keras.Model
    num_classes: int
    tally: Tally

    @property
    def networks(self) -> dict[str, keras.Model]:
        """All networks but the average, by the names of their arguments."""
        return {"student": self.student}

    def make_network_metrics(self, given: list[Any]) -> None:
        """Makes each network's copy of the metrics that the user gave."""
        self._loss_metric = keras.metrics.Mean(name="loss")
        self._measured: dict[str, list[Measured]] = {
            prefix: [of_network(m, prefix, self.num_classes) for m in given]
            for prefix in self._evaluated()
        }

    @property
    def network_metrics(self) -> list[keras.metrics.Metric]:
        """What `evaluate` measures, the loss first."""
        measured = [m.metric for ms in self._measured.values() for m in ms]
        return [self._loss_metric, *measured]

    def _evaluated(self) -> dict[str, keras.Model]:
        others = {f"{name}_": net for name, net in self.networks.items()}
        return {"": self.ema_student, **others}

    def evaluate(self, x: Any = None, y: Any = None, **arguments: Any) -> Any:
        """Measures every network on `(inputs, labels)`, as Keras does.

        Raises:
            ValueError: If labels are missing or out of range.
        """
        if not arguments.get("_use_cached_eval_dataset"):  # `fit` has checked
            fit_checks.measurable(x, y, self.num_classes)
        with label_checks.one_line_errors():
            found = super().evaluate(x, y, **arguments)
        self.tally.check_validation()
        return tf.nest.map_structure(_number, found)

    def check_labels(self, name: str, labels: Tensor) -> None:
        """Adds to a step the check that its labels name classes.

        Where XLA keeps the step from raising, they are noted, and a training
        step that has others does not count.

        Args:
            name: `"labels"`, or `"validation_data"`.
            labels: Of any form, shape `(batch, ...)`.
        """
        if not self.is_compiled_by_xla:
            label_checks.assert_range(labels, self.num_classes)
            return
        extremes = label_checks.extremes(labels, self.num_classes)
        if extremes is None:
            return
        low, high = (replicas.gathered(one) for one in extremes)
        low, high = tf.reduce_min(low), tf.reduce_max(high)
        self.tally.note_labels(name, (low, high))
        is_good = (low >= 0) & (high < self.num_classes)
        guard.watch_condition("the labels", is_good)

    def test_step(self, data: Any) -> dict[str, Tensor]:
        """Measures every network on one batch of `(inputs, labels)`."""
        inputs, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        if labels is None:
            raise ValueError(
                "Validation data must be (inputs, labels). "
                f"Received: {batch_checks.described(data)}"
            )
        self.check_labels("validation_data", labels)
        for prefix, network in self._evaluated().items():
            logits = losses.at_least_float32(network(inputs, training=False))
            for measured in self._measured[prefix]:
                measured.update(labels, logits, weights)
            if not prefix:
                probs = losses.class_probs(
                    labels, self.num_classes, logits.dtype.name
                )
                loss = losses.cross_entropy(probs, logits)
                self._loss_metric.update_state(loss, sample_weight=weights)
        return {m.name: m.result() for m in self.network_metrics}

    def predict_step(self, data: Any) -> Tensor:
        """Returns the average's logits, shape `(batch, num_classes)`."""
        inputs, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return self.ema_student(inputs, training=False)

    def call(self, inputs: Any, training: bool = False) -> Tensor:  # noqa: D102
        return self.ema_student(inputs, training=training)


def _number(value: Any) -> Any:
    """A tensor as a float, or as an array; Keras before 3.14 leaves tensors."""
    if tf.is_tensor(value):
        value = value.numpy()
        value = float(value) if np.ndim(value) == 0 else value
    return value
