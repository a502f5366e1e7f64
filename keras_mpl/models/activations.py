"""Activations that keep only their result for the gradient.

`export` turns them into Keras' own. Must not import the networks.
"""

import keras

from keras_mpl.models import kernels
from keras_mpl.types import Tensor


@keras.saving.register_keras_serializable(package="keras_mpl")
class LeakyReLU(keras.layers.LeakyReLU):
    """Keras' leaky ReLU, of a slope up to 1, which needs less memory to train.

    Variables (there are none), arguments and results are Keras'. For the
    gradient it keeps its result and not its input.
    """

    def call(self, inputs: Tensor) -> Tensor:  # noqa: D102
        inputs = keras.ops.cast(inputs, self.compute_dtype)
        return kernels.leaky_relu(inputs, self.negative_slope)
