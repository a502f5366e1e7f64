"""Meta losses to compare: our kinds of feedback, and other people's formulas.

The latter are written by us from their descriptions, to be measured beside
ours; nothing trains with them. Logits `z` are those of the pseudo labels,
divided by the model's `pseudo_label_temperature` (1 by default).
"""

from typing import Any
from typing import ClassVar
from typing import NamedTuple

import tensorflow as tf

from keras_mpl import feedback as feedbacks
from keras_mpl import losses
from keras_mpl.feedback import Feedback
from keras_mpl.feedback import FiniteDifference
from keras_mpl.feedback import ScalarFeedback
from keras_mpl.feedback import Signal
from keras_mpl.types import Tensor


class Formula(NamedTuple):
    """A kind of feedback in the table.

    Attributes:
        name: For the table.
        feedback: What it is; its scale is exact, its credit not centred, its
            scalar without a baseline.
        view: Number of the unlabelled view whose prediction the student is
            shown: 0 is the weak one, -1 the strong one.
    """

    name: str
    feedback: Feedback
    view: int = -1


def ours(kind: feedbacks.Name | Feedback) -> Formula:
    """The formula of a kind of feedback of this package, or of a user's own.

    Args:
        kind: A name of `keras_mpl.feedback.KINDS`, or a feedback.

    Returns:
        The formula in the unit of Eq. 3, whatever the settings of the kind.
    """
    if isinstance(kind, Feedback):
        name, found, config = kind.name, type(kind), kind.get_config()
    else:
        name, found, config = kind, feedbacks.KINDS[kind], {}
    exact: dict[str, Any] = {**config, "scale": "exact", "centering": False}
    if issubclass(found, ScalarFeedback):
        exact["baseline_rate"] = None
    return Formula(name, found.from_config(exact))


def _times_change(signal: Signal, per_example: Tensor) -> Tensor:
    """`(after - before)` times the mean over the examples."""
    change = -tf.cast(signal.advantage, per_example.dtype)
    rows = tf.cast(tf.shape(per_example)[0], per_example.dtype)
    return change * per_example / rows


class ReleasedCode(FiniteDifference):
    """Google's: `(after - before) CE(stop_gradient(softmax(z)), z) / N`."""

    is_sampled: ClassVar[bool] = False

    def targets(self, pseudo_probs: Tensor, key: Tensor) -> Tensor:
        """The distribution itself."""
        return Feedback.targets(self, pseudo_probs, key)

    def meta_loss(self, signal: Signal, logits: Tensor) -> Tensor:  # noqa: D102
        constant = tf.stop_gradient(tf.nn.softmax(logits))
        return _times_change(signal, losses.cross_entropy(constant, logits))


class PytorchPort(FiniteDifference):
    """The most-used PyTorch port's: `(after - before) CE(argmax z, z) / N`.

    The student is shown the weak view's arg-max, the teacher is told about
    the strong view's.
    """

    is_sampled: ClassVar[bool] = False

    def targets(self, pseudo_probs: Tensor, key: Tensor) -> Tensor:
        """The most probable class."""
        del key
        return _most_probable(pseudo_probs)

    def meta_loss(self, signal: Signal, logits: Tensor) -> Tensor:  # noqa: D102
        hard = losses.cross_entropy(_most_probable(logits), logits)
        return _times_change(signal, hard)


def _most_probable(values: Tensor) -> Tensor:
    ids = tf.argmax(values, -1)
    return tf.one_hot(ids, values.shape[-1], dtype=values.dtype)


def released() -> Formula:
    """The formula of Google's released code."""
    name = "released TensorFlow code"
    return Formula(name, ReleasedCode(baseline_rate=None))


def port() -> Formula:
    """The formula of the most-used PyTorch port."""
    name = "most-used PyTorch port"
    return Formula(name, PytorchPort(baseline_rate=None), view=0)
