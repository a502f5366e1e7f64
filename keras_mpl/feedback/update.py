"""What passes between the student's step and the teacher: two value objects."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from keras_mpl.batch import Batch
from keras_mpl.losses import AppliedGradient
from keras_mpl.replicas import Logs
from keras_mpl.types import Tensor


@dataclass(frozen=True, kw_only=True)
class StudentUpdate:
    """One step of the student on pseudo labels, `S -> S'`.

    The student already stands at its new weights `S'` when a feedback reads
    this.

    Attributes:
        targets: What the student was shown, shape `(unlabeled, num_classes)`.
        weights: What each of them counts in the student's loss, constant,
            shape `(unlabeled,)`; 1 each if `None`.
        gradient: `g`, the gradient of the loss on pseudo labels at the old
            weights `S`, summed over the replicas, before L2 and clip; one
            tensor per weight.
        applied: What the optimizer was given: labels, L2 and clip included.
        step_size: `s` of `S' = S - s u`, shape `()`, read before the step; 0
            where the student waits or its gradient is not finite.
        batch: The step's input; labels are of shape `(batch, num_classes)`.
        step: Number of the step, from 0, shape `()`.
        key: For draws of the feedback's own, int32, shape `(2,)`; to be folded
            with a number before use.
        loss_before: The labelled loss at `S`, this replica's part, shape `()`;
            `None` unless the feedback `compares_losses`.
        labeled_loss: Computes the labelled loss at `S'` on a batch, or on
            this one if `None`: this replica's part, shape `()`. Examples count
            as the batch's `sample_weight` says. No label smoothing; no moving
            statistics follow.
        labeled_gradient: Computes the gradient `v` of that loss, summed over
            the replicas; one tensor per weight.
        credit_along: Computes `d<g, vectors>/dy` for the targets `y`: how the
            part of `g` along given vectors depends on each entry of the
            targets, shape `(unlabeled, num_classes)`.
        logs: Scalars to log of the step.
    """

    targets: Tensor
    weights: Tensor | None = None
    gradient: list[Tensor]
    applied: AppliedGradient
    step_size: Tensor
    batch: Batch
    step: Tensor
    key: Tensor
    loss_before: Tensor | None
    labeled_loss: Callable[[Batch | None], Tensor]
    labeled_gradient: Callable[[Batch | None], list[Tensor]]
    credit_along: Callable[[list[Tensor]], Tensor]
    logs: Logs


class Signal(NamedTuple):
    """What the teacher is told about its pseudo labels, all of it constant.

    Attributes:
        targets: What the student was shown, shape `(rows, num_classes)`.
        logs: Scalars to log of the feedback.
        credit: `c`, for every class of every example, shape
            `(rows, num_classes)`; `None` where there is one number per batch.
        scale: `s` or what stands in its place, shape `()`, beside `credit`.
        advantage: The one number per batch less its baseline, shape `()`.
    """

    targets: Tensor
    logs: Logs
    credit: Tensor | None = None
    scale: Tensor | None = None
    advantage: Tensor | None = None

    def per_example(self) -> dict[str, Tensor]:
        """The fields that have one row per example, by name."""
        rows = {"targets": self.targets, "credit": self.credit}
        return {
            name: value for name, value in rows.items() if value is not None
        }
