"""The heart: Algorithm 1 of Meta Pseudo Labels, its student and its teacher.

`meta_pseudo_labels.py` has the algorithm, `student.py` the student's half,
`teacher.py` the loss that the teacher descends. It puts the engine's parts in
order and asks a `Feedback` what the student's step was worth; it must not know
which kind of feedback that is, nor data, recipes or files.
"""

from keras_mpl.trainers.mpl.meta_pseudo_labels import MetaPseudoLabels
from keras_mpl.trainers.mpl.reduced_networks import beside_probs
from keras_mpl.trainers.mpl.reduced_networks import reduced_teacher
from keras_mpl.trainers.mpl.reduced_networks import without_probs

__all__ = [
    "MetaPseudoLabels",
    "beside_probs",
    "reduced_teacher",
    "without_probs",
]
