"""The methods that Meta Pseudo Labels is compared with, one file each.

Each is a `StudentMethod` whose `student_losses` reads like its paper's
equation. It must not know another method, but the one it is built on, nor
feedback, data or recipes.
"""

from keras_mpl.trainers.baselines.fixmatch import FixMatch
from keras_mpl.trainers.baselines.mean_teacher import MeanTeacher
from keras_mpl.trainers.baselines.noisy_student import NoisyStudent
from keras_mpl.trainers.baselines.pseudo_label import PseudoLabel
from keras_mpl.trainers.baselines.supervised import Supervised
from keras_mpl.trainers.baselines.uda import UDA

__all__ = [
    "UDA",
    "FixMatch",
    "MeanTeacher",
    "NoisyStudent",
    "PseudoLabel",
    "Supervised",
]
