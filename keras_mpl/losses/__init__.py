"""Losses, masks and the algebra of feedback, as pure functions of tensors.

Losses return one value per example; the trainers reduce them over the global
batch. Nothing here holds state, draws from a global generator or knows a
network, a replica or a method. Most of it is written with `keras.ops`, so that
another backend can follow.
"""

from keras_mpl.losses.classification import class_probs
from keras_mpl.losses.classification import correct
from keras_mpl.losses.classification import cross_entropy
from keras_mpl.losses.classification import entropy
from keras_mpl.losses.classification import labeled_cross_entropy
from keras_mpl.losses.classification import smooth
from keras_mpl.losses.consistency import Annealing
from keras_mpl.losses.consistency import Threshold
from keras_mpl.losses.consistency import alignment
from keras_mpl.losses.consistency import annealing_threshold
from keras_mpl.losses.consistency import hard_label
from keras_mpl.losses.consistency import squared_distance
from keras_mpl.losses.consistency import uda_loss
from keras_mpl.losses.gradients import AppliedGradient
from keras_mpl.losses.gradients import clip_factor
from keras_mpl.losses.gradients import clip_pullback
from keras_mpl.losses.gradients import cosine_scale
from keras_mpl.losses.gradients import global_norm
from keras_mpl.losses.gradients import inner_product
from keras_mpl.losses.gradients import squared_norms
from keras_mpl.losses.meta import batch_meta_loss
from keras_mpl.losses.meta import hard_meta_loss
from keras_mpl.losses.meta import soft_meta_loss
from keras_mpl.losses.precision import at_least_float32
from keras_mpl.losses.pseudo_labels import confidence_mask
from keras_mpl.losses.pseudo_labels import sampled_one_hot
from keras_mpl.losses.pseudo_labels import sharpened_probs

__all__ = [
    "Annealing",
    "AppliedGradient",
    "Threshold",
    "alignment",
    "annealing_threshold",
    "at_least_float32",
    "batch_meta_loss",
    "class_probs",
    "clip_factor",
    "clip_pullback",
    "confidence_mask",
    "correct",
    "cosine_scale",
    "cross_entropy",
    "entropy",
    "global_norm",
    "hard_label",
    "hard_meta_loss",
    "inner_product",
    "labeled_cross_entropy",
    "sampled_one_hot",
    "sharpened_probs",
    "smooth",
    "soft_meta_loss",
    "squared_distance",
    "squared_norms",
    "uda_loss",
]
