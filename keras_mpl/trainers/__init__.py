"""Training methods: each a `keras.Model` with its own `train_step`."""

from keras_mpl.trainers.base import Method
from keras_mpl.trainers.mpl import MetaPseudoLabels
from keras_mpl.trainers.supervised import Supervised

__all__ = ["MetaPseudoLabels", "Method", "Supervised"]
