"""The types that the signatures of this package share.

They stand in one place, so that an editor and a reader find the same word
everywhere. This module must not import anything of the package.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Literal
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf

__all__ = [
    "ClassWeights",
    "DTypeLike",
    "Inputs",
    "OptimizerLike",
    "Schedulable",
    "Tensor",
    "TensorLike",
]

# A dense tensor of a TensorFlow graph or step.
Tensor: TypeAlias = tf.Tensor

# What `keras.ops` and NumPy read as a tensor.
TensorLike: TypeAlias = tf.Tensor | np.ndarray | float | Sequence[float]

# What a network takes: one tensor, or a nested structure of tensors.
Inputs: TypeAlias = (
    tf.Tensor | np.ndarray | Mapping[str, "Inputs"] | Sequence["Inputs"]
)

# A policy of precision: an object of Keras, or its name.
DTypeLike: TypeAlias = keras.DTypePolicy | str

# What `keras.optimizers.get` reads: an optimizer, its name or its config.
OptimizerLike: TypeAlias = keras.optimizers.Optimizer | str | dict[str, object]

# What `keras.metrics.get` reads, or a function of labels and logits.
MetricLike: TypeAlias = (
    keras.metrics.Metric | str | Callable[[Tensor, Tensor], Tensor]
)

# A constant factor, or one that depends on the step.
Schedulable: TypeAlias = float | keras.optimizers.schedules.LearningRateSchedule

# What a labelled example counts by its class; see `trainers.Method`.
ClassWeights: TypeAlias = (
    Literal["balanced"] | Sequence[float] | Mapping[int, float]
)
