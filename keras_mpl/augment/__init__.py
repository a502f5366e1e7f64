"""Augmentations: batched, stateless, and drawn anew for every example.

A view is a function `(inputs, seeds) -> inputs` of two arguments, and of
nothing else. Must not know of datasets or trainers.
"""

from keras_mpl.augment.crops import Chain
from keras_mpl.augment.crops import Cutout
from keras_mpl.augment.crops import FlipCrop
from keras_mpl.augment.crops import center_window
from keras_mpl.augment.crops import inception_window
from keras_mpl.augment.policies import Geometric
from keras_mpl.augment.policies import cifar_strong
from keras_mpl.augment.policies import cifar_weak
from keras_mpl.augment.policies import digits_strong
from keras_mpl.augment.policies import digits_weak
from keras_mpl.augment.policies import grey_strong
from keras_mpl.augment.policies import grey_weak
from keras_mpl.augment.policies import imagenet_strong
from keras_mpl.augment.policies import imagenet_weak
from keras_mpl.augment.policies import svhn_strong
from keras_mpl.augment.policies import svhn_weak
from keras_mpl.augment.randaugment import RandAugment
from keras_mpl.augment.rows import GaussianNoise

__all__ = [
    "Chain",
    "Cutout",
    "FlipCrop",
    "GaussianNoise",
    "Geometric",
    "RandAugment",
    "center_window",
    "cifar_strong",
    "cifar_weak",
    "digits_strong",
    "digits_weak",
    "grey_strong",
    "grey_weak",
    "imagenet_strong",
    "imagenet_weak",
    "inception_window",
    "svhn_strong",
    "svhn_weak",
]
