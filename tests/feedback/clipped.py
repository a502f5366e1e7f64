"""A kind of feedback that somebody else might write, in a file of its own.

It is in `methods.METHODS` as `"clipped"`, and so in every contract test.
"""

import keras
import tensorflow as tf

from keras_mpl import replicas
from keras_mpl.feedback import Soft


@keras.saving.register_keras_serializable(package="tests")
class ClippedCredit(Soft):
    """No credit is further from 0 than so many root mean squares."""

    def __init__(self, *, bound=1.0, **settings):
        super().__init__(**settings)
        self.bound = bound

    def measure(self, update):
        signal = super().measure(update)
        square = tf.reduce_mean(signal.credit**2, axis=-1)
        bound = self.bound * tf.sqrt(replicas.add(replicas.mean(square)))
        credit = tf.clip_by_value(signal.credit, -bound, bound)
        return signal._replace(credit=credit)

    def get_config(self):
        return {**super().get_config(), "bound": self.bound}
