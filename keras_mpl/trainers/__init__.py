"""Training methods: each a `keras.Model` with its own `train_step`."""

from keras_mpl.trainers.base import Method
from keras_mpl.trainers.fixmatch import FixMatch
from keras_mpl.trainers.mean_teacher import MeanTeacher
from keras_mpl.trainers.mpl import MetaPseudoLabels
from keras_mpl.trainers.noisy_student import NoisyStudent
from keras_mpl.trainers.pseudo_label import PseudoLabel
from keras_mpl.trainers.reduced import beside_probs
from keras_mpl.trainers.reduced import reduced_teacher
from keras_mpl.trainers.reduced import without_probs
from keras_mpl.trainers.student_method import StudentMethod
from keras_mpl.trainers.supervised import Supervised
from keras_mpl.trainers.uda import UDA
from keras_mpl.trainers.verdict import Verification
from keras_mpl.trainers.verification import verify

__all__ = [
    "UDA",
    "FixMatch",
    "MeanTeacher",
    "MetaPseudoLabels",
    "Method",
    "NoisyStudent",
    "PseudoLabel",
    "StudentMethod",
    "Supervised",
    "Verification",
    "beside_probs",
    "reduced_teacher",
    "verify",
    "without_probs",
]
