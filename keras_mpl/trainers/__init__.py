"""Training methods: each a `keras.Model` with its own `train_step`.

`mpl/` is Meta Pseudo Labels, `baselines/` the methods it is compared with,
`engine/` what all of them run on, `checks/` what can be wrong with their input,
`verification/` the proof of the gradient. Nothing here knows data or recipes.
"""

from keras_mpl.trainers.baselines import UDA
from keras_mpl.trainers.baselines import FixMatch
from keras_mpl.trainers.baselines import MeanTeacher
from keras_mpl.trainers.baselines import NoisyStudent
from keras_mpl.trainers.baselines import PseudoLabel
from keras_mpl.trainers.baselines import Supervised
from keras_mpl.trainers.engine.forward import forward
from keras_mpl.trainers.engine.forward import forward_joined
from keras_mpl.trainers.engine.method import Method
from keras_mpl.trainers.engine.student_method import StudentMethod
from keras_mpl.trainers.engine.tally import DivergenceError
from keras_mpl.trainers.mpl import MetaPseudoLabels
from keras_mpl.trainers.mpl import beside_probs
from keras_mpl.trainers.mpl import reduced_teacher
from keras_mpl.trainers.mpl import without_probs
from keras_mpl.trainers.verification import Verification
from keras_mpl.trainers.verification import verify

__all__ = [
    "UDA",
    "DivergenceError",
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
    "forward",
    "forward_joined",
    "reduced_teacher",
    "verify",
    "without_probs",
]
