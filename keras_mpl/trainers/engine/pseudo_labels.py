"""The student's gradient on pseudo labels, and how it depends on them.

The gradient `g` is linear in the targets `y`, so `d<g, v>/dy` is known once
`v` is. Whole: the outer tape stays open over the gradient, and is
differentiated by the targets once the new weights are known; that costs no
other forward pass and needs no functional optimizer. In microbatches: forward
mode, at a snapshot of the old weights.
"""

import contextlib
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from keras_mpl import losses
from keras_mpl.models import kernels
from keras_mpl.trainers.engine.batching import Batching
from keras_mpl.trainers.engine.batching import SlicedPass
from keras_mpl.trainers.engine.forward import forward
from keras_mpl.trainers.engine.learner import Learner
from keras_mpl.trainers.engine.passes import Scalars
from keras_mpl.trainers.engine.passes import Views
from keras_mpl.types import Inputs
from keras_mpl.types import Tensor


class PseudoLabelLoss(NamedTuple):
    """Mean cross-entropy with the pseudo labels; a `batching.Loss`."""

    label_smoothing: float
    summed: Sequence[str] = ()
    names: Sequence[str] = ("student_loss",)

    def labeled(self, logits: Tensor) -> Scalars:
        """No labelled example is in this loss."""
        del logits
        return {}

    def unlabeled(  # noqa: D102
        self, logits: Sequence[Tensor], rows: Mapping[str, Tensor]
    ) -> Scalars:
        targets = losses.smooth(rows["targets"], self.label_smoothing)
        loss = losses.cross_entropy(targets, logits[-1])
        if "weights" in rows:
            loss *= tf.cast(rows["weights"], loss.dtype)
        return {"student_loss": loss}

    def total(self, parts: Scalars) -> Tensor:  # noqa: D102
        return parts["student_loss"]


class PseudoLabelGradient:
    """The gradient `g` of the loss on pseudo labels, at the old weights.

    Args:
        learner: The student.
        batching: Whether it sees all examples at once.
        inputs: The strong view.
        targets: `y`, what the student is shown, constant, shape
            `(unlabeled, num_classes)`.
        weights: What each target counts, constant, shape `(unlabeled,)`; 1
            each if `None`.
        key: Key of the draws, int32, shape `(2,)`.
        label_smoothing: Fraction of the uniform distribution in the targets.
        move_statistics: Whether the student's moving statistics follow.

    Attributes:
        loss: This replica's part, shape `()`.
        parts: The scaled gradient, this replica's part.
    """

    def __init__(
        self,
        learner: Learner,
        batching: Batching,
        inputs: Inputs,
        targets: Tensor,
        weights: Tensor | None,
        key: Tensor,
        *,
        label_smoothing: float,
        move_statistics: bool,
    ):
        self._learner = learner
        self._targets = targets
        self._smoothing = label_smoothing
        self._rows = {"targets": targets}
        if weights is not None:
            self._rows["weights"] = weights
        self._pass = batching.record(
            learner,
            Views(None, (inputs,)),
            key,
            move_statistics=move_statistics,
        )
        self._tape = tf.GradientTape(watch_accessed_variables=False)
        is_sliced = isinstance(self._pass, SlicedPass)  # has no use for a tape
        weights = learner.network.trainable_variables if is_sliced else ()
        self._old = [tf.identity(weight.value) for weight in weights]
        with contextlib.nullcontext() if is_sliced else self._tape as tape:
            if tape is not None:
                tape.watch(targets)
            found, self.parts = self._pass.differentiate(
                PseudoLabelLoss(label_smoothing), self._rows
            )
        self.loss = found["student_loss"]

    def credit_along(self, vectors: list[Tensor]) -> Tensor:
        """Differentiates `<g, vectors>` by the targets.

        Args:
            vectors: One tensor per trainable weight of the student.

        Returns:
            Of the targets' shape.
        """
        if isinstance(self._pass, SlicedPass):
            return self._by_forward_mode(self._pass, vectors)
        cotangents = [
            tf.cast(v, g.dtype)
            for v, g in zip(vectors, self.parts, strict=True)
        ]
        with kernels.by_cotangents_alone():
            credit = self._tape.gradient(self.parts, self._targets, cotangents)
        return credit / tf.cast(self._learner.loss_scale(), credit.dtype)

    def _by_forward_mode(
        self, sliced: SlicedPass, vectors: list[Tensor]
    ) -> Tensor:
        """A target's share of `<g, v>` is its log-probability's change along v.

        No graph of a gradient is kept.
        """

        def change(index: Tensor) -> Tensor:
            [inputs] = sliced.slices[index]
            old = [tf.identity(weight) for weight in self._old]
            along = [
                tf.cast(v, w.dtype) for v, w in zip(vectors, old, strict=True)
            ]
            with tf.autodiff.ForwardAccumulator(old, along) as accumulator:
                logits = forward(
                    self._learner.network,
                    inputs,
                    sliced.key_of(index),
                    move_statistics=False,
                    weights=old,
                )
                log_probs = tf.nn.log_softmax(logits)
            return accumulator.jvp(
                log_probs, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )

        changes = sliced.slices.collect(change, self._targets)
        share = (1.0 - self._smoothing) / tf.cast(
            sliced.examples(), changes.dtype
        )
        if "weights" in self._rows:
            weights = tf.cast(self._rows["weights"], changes.dtype)
            share *= weights[:, tf.newaxis]
        return -share * changes
