"""The input of one training step, and the protocol of its source.

This is the contract between `data`, which makes batches, and `trainers`, which
learn from them. Both import this module, and they never import each other. The
module does not import TensorFlow.
"""

from typing import TYPE_CHECKING
from typing import NamedTuple
from typing import Protocol
from typing import TypeAlias
from typing import runtime_checkable

if TYPE_CHECKING:
    import tensorflow as tf

    from keras_mpl.types import Inputs
    from keras_mpl.types import Tensor


class Batch(NamedTuple):
    """One step's input: labelled examples, and two views of unlabelled ones.

    The inputs need not be images. They are what the networks take: one tensor,
    or a nested structure of tensors. Row `i` of both unlabelled views comes
    from the same example.

    Attributes:
        labeled_inputs: Inputs with labels, shape `(batch, ...)`.
        labels: Integer class ids of shape `(batch,)`, or class probabilities
            (one-hot among them) of shape `(batch, num_classes)`.
        weak_inputs: The unlabelled examples, weakly augmented, shape
            `(unlabeled_ratio * batch, ...)`.
        strong_inputs: The same examples, strongly augmented, same shape.
    """

    labeled_inputs: "Inputs"
    labels: "Tensor"
    weak_inputs: "Inputs"
    strong_inputs: "Inputs"


# One element of the training data: the labelled and the unlabelled part.
BatchLike: TypeAlias = (
    "Batch | tuple[tuple[Inputs, Tensor], tuple[Inputs, Inputs]]"
)


@runtime_checkable
class BatchSource(Protocol):
    """A source of batches that can start at any step.

    It starts at batch `t` without computing the batches before it. `fit` asks
    for the batches from the model's step counter on, so a resumed run sees
    exactly the batches that it would have seen without the interruption.
    """

    @property
    def steps_per_epoch(self) -> int:
        """The number of batches in which the longer set is seen once."""

    def batches(self, first_step: int = 0) -> "tf.data.Dataset":
        """Returns an endless dataset of `Batch`, from a step on."""
