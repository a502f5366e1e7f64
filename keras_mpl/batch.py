"""The input of one training step, and the protocol of its source.

This is the contract between `data`, which makes batches, and `trainers`, which
learn from them. Both import this module, and they never import each other. The
module does not import TensorFlow.
"""

from typing import TYPE_CHECKING
from typing import NamedTuple
from typing import Protocol
from typing import TypeAlias
from typing import cast
from typing import runtime_checkable

if TYPE_CHECKING:
    import tensorflow as tf

    from keras_mpl.types import Inputs
    from keras_mpl.types import Tensor

__all__ = ["Batch", "BatchSource", "WeightedBatch", "weighted"]


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

    @property
    def sample_weight(self) -> "Tensor | None":
        """What each labelled example counts; `None`: all count alike."""
        return None


class WeightedBatch(NamedTuple):
    """A `Batch` whose labelled examples do not all count alike.

    It stands wherever a `Batch` does.

    Attributes:
        labeled_inputs: As in `Batch`.
        labels: As in `Batch`.
        weak_inputs: As in `Batch`.
        strong_inputs: As in `Batch`.
        sample_weight: What each labelled example counts, a number of 0 or
            more, shape `(batch,)`.
    """

    labeled_inputs: "Inputs"
    labels: "Tensor"
    weak_inputs: "Inputs"
    strong_inputs: "Inputs"
    sample_weight: "Tensor"


def weighted(batch: Batch, sample_weight: "Tensor") -> Batch:
    """Returns a batch with a weight for each of its labelled examples.

    Args:
        batch: Any batch; weights that it has are replaced.
        sample_weight: A number of 0 or more each, shape `(batch,)`.

    Returns:
        A `WeightedBatch`, which serves as a `Batch`.

    >>> weighted(Batch("inputs", "labels", "weak", "strong"), [2.0]).labels
    'labels'
    """
    return cast(Batch, WeightedBatch(*batch[:4], sample_weight))


# One element of the training data: the labelled and the unlabelled part. The
# labelled one may have weights as its third.
BatchLike: TypeAlias = (
    "Batch | tuple[tuple[Inputs, Tensor], tuple[Inputs, Inputs]] | "
    "tuple[tuple[Inputs, Tensor, Tensor], tuple[Inputs, Inputs]]"
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
