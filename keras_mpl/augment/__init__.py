"""Views of images: batched, stateless, drawn anew for every image."""

from keras_mpl.augment.policies import Geometric
from keras_mpl.augment.policies import digits_strong
from keras_mpl.augment.policies import digits_weak

__all__ = ["Geometric", "digits_strong", "digits_weak"]
