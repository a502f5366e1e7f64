"""How the teacher learns what its pseudo labels did: each kind is one class.

A `Feedback` says what the student is shown, what is measured after its step
and which loss of the teacher follows. It sees one `StudentUpdate` and knows no
network, no optimizer and no trainer; a user's own kind is a subclass in the
user's own file.
"""

from keras_mpl.feedback.base import Feedback
from keras_mpl.feedback.base import Scale
from keras_mpl.feedback.base import Settings
from keras_mpl.feedback.credit import Hard
from keras_mpl.feedback.credit import HardExpected
from keras_mpl.feedback.credit import Soft
from keras_mpl.feedback.none import NoFeedback
from keras_mpl.feedback.registry import KINDS
from keras_mpl.feedback.registry import FeedbackLike
from keras_mpl.feedback.registry import Name
from keras_mpl.feedback.registry import get
from keras_mpl.feedback.sampling import sampled_targets
from keras_mpl.feedback.scalar import FiniteDifference
from keras_mpl.feedback.scalar import HardBatch
from keras_mpl.feedback.scalar import ScalarFeedback
from keras_mpl.feedback.update import Signal
from keras_mpl.feedback.update import StudentUpdate
from keras_mpl.replicas import Logs

__all__ = [
    "KINDS",
    "Feedback",
    "FeedbackLike",
    "FiniteDifference",
    "Hard",
    "HardBatch",
    "HardExpected",
    "Logs",
    "Name",
    "NoFeedback",
    "ScalarFeedback",
    "Scale",
    "Settings",
    "Signal",
    "Soft",
    "StudentUpdate",
    "get",
    "sampled_targets",
]
