"""Training methods: each a `keras.Model` with its own `train_step`."""

from keras_mpl.trainers.base import Method
from keras_mpl.trainers.mpl import MetaPseudoLabels
from keras_mpl.trainers.supervised import Supervised
from keras_mpl.trainers.verdict import Verification
from keras_mpl.trainers.verification import verify

__all__ = [
    "MetaPseudoLabels",
    "Method",
    "Supervised",
    "Verification",
    "verify",
]
