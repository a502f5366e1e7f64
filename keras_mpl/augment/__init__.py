"""Views of inputs: batched, stateless, drawn anew for every example."""

from keras_mpl.augment.policies import Geometric
from keras_mpl.augment.policies import digits_strong
from keras_mpl.augment.policies import digits_weak
from keras_mpl.augment.rows import GaussianNoise

__all__ = ["GaussianNoise", "Geometric", "digits_strong", "digits_weak"]
