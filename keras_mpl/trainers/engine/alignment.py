"""Distribution alignment: predictions get the classes' shares of the labels.

ReMixMatch (arXiv:1911.09785, Sec. 3.1); here both shares are running means.
"""

from typing import Any
from typing import Protocol

import keras
import tensorflow as tf

from keras_mpl import ema
from keras_mpl import losses
from keras_mpl import replicas
from keras_mpl.trainers.checks import networks as network_checks
from keras_mpl.types import Tensor

_DECAY = 0.999  # per step, ramped as that of the average of weights


class AddWeight(Protocol):
    """Makes a variable that is saved with the model; `Layer.add_weight`."""

    def __call__(self, *, name: str, dtype: str, **options: object) -> Any:
        """Returns the variable."""


class Alignment:
    """Running means of the labels and of the predictions, and their ratio.

    Args:
        add_weight: Makes a variable that is saved with the model.
        network: Whose predictions are aligned.

    Attributes:
        labeled_share: Mean of the labels, shape `(num_classes,)`; uniform at
            first, as is the other one.
        predicted_share: Mean of the predictions, same shape.
    """

    def __init__(self, add_weight: AddWeight, network: keras.Model):
        num_classes = network_checks.output_width(network)
        options: dict[str, Any] = {
            "shape": (num_classes,),
            "dtype": network_checks.loss_dtype(network),
            "initializer": keras.initializers.Constant(1.0 / num_classes),
            "trainable": False,
            "aggregation": "only_first_replica",
        }
        self.labeled_share = add_weight(name="labeled_share", **options)
        self.predicted_share = add_weight(name="predicted_share", **options)

    def follow(self, labels: Tensor, logits: Tensor, step: Tensor) -> Tensor:
        """Moves the means towards those of a batch, and compares them.

        Args:
            labels: Probabilities, this replica's, shape
                `(batch, num_classes)`.
            logits: Of the weak view, shape `(unlabeled, num_classes)`.
            step: Number of the step, from 0.

        Returns:
            What is added to logits, constant, shape `(num_classes,)`; see
            `losses.alignment`.
        """
        held = (self.labeled_share, self.predicted_share)
        dtype = self.labeled_share.dtype
        probs = tf.nn.softmax(tf.stop_gradient(logits))
        sums = [tf.reduce_sum(part, axis=0) for part in (labels, probs)]
        both = replicas.add(tf.stack([tf.cast(one, dtype) for one in sums]))
        means = both / tf.reduce_sum(both, axis=-1, keepdims=True)
        decay = tf.cast(ema.ramped_decay(_DECAY, step), dtype)
        moved = [
            mean + decay * (variable.value - mean)
            for variable, mean in zip(held, tf.unstack(means), strict=True)
        ]
        for variable, value in zip(held, moved, strict=True):
            variable.assign(value)
        return tf.cast(losses.alignment(*moved), logits.dtype)
