"""What one training step is given, and who may give it.

The contract between `data`, which makes batches, and `trainers`, which learn
from them. Both import this module and never each other.
"""

from typing import Any
from typing import NamedTuple
from typing import Protocol
from typing import runtime_checkable


class Batch(NamedTuple):
    """One step's input: labelled examples, and two views of unlabelled ones.

    The words are of any domain: inputs are whatever the networks take, one
    tensor or a nested structure of tensors. The two unlabelled views belong
    together: row `i` of both comes from the same example.

    Attributes:
        labeled_inputs: Inputs with labels, shape `(batch, ...)`.
        labels: Integer class ids of shape `(batch,)`, or class probabilities
            (one-hot among them) of shape `(batch, num_classes)`.
        weak_inputs: The unlabelled examples, hardly changed, shape
            `(unlabeled_ratio * batch, ...)`.
        strong_inputs: The same examples, strongly augmented, same shape.
    """

    labeled_inputs: Any
    labels: Any
    weak_inputs: Any
    strong_inputs: Any


@runtime_checkable
class BatchSource(Protocol):
    """Anything that can start at batch `t` without visiting those before it.

    `fit` asks a source for its batches from the model's own step counter on,
    so a resumed run sees exactly the batches it would have seen.
    """

    @property
    def steps_per_epoch(self) -> int:
        """Batches until the longer of the two sets was seen once."""

    def batches(self, first_step: int = 0) -> Any:
        """Returns an endless `tf.data.Dataset` of `Batch`, from a step on."""
