"""The student's half of Algorithm 1: its step, and what can be asked of it."""

from collections.abc import Callable
from typing import Literal
from typing import NamedTuple

import tensorflow as tf

from keras_mpl import losses
from keras_mpl import replicas
from keras_mpl import seeds
from keras_mpl.batch import Batch
from keras_mpl.feedback import StudentUpdate
from keras_mpl.replicas import Logs
from keras_mpl.seeds import Site
from keras_mpl.trainers.engine.batching import Batching
from keras_mpl.trainers.engine.forward import forward
from keras_mpl.trainers.engine.learner import Learner
from keras_mpl.trainers.engine.pseudo_labels import PseudoLabelGradient
from keras_mpl.types import Tensor

Key = Callable[[Site], Tensor]
# What a pseudo label counts in the student's loss.
Weighting = Literal["confidence", "equal"]
# Which passes the student's moving statistics follow.
Statistics = Literal["labeled", "all"]


def weights(pseudo_probs: Tensor, weighting: Weighting) -> Tensor | None:
    """What each pseudo label counts.

    Args:
        pseudo_probs: `q`, shape `(unlabeled, num_classes)`.
        weighting: `"confidence"` for its highest probability, `"equal"` for 1.

    Returns:
        Constant, shape `(unlabeled,)`; `None` for 1 each.
    """
    if weighting == "equal":
        return None
    return tf.stop_gradient(tf.reduce_max(pseudo_probs, axis=-1))


def settled(
    labeled_weight: float,
    *,
    weighting: Weighting | None,
    statistics: Statistics | None,
) -> tuple[Weighting, Statistics, float]:
    """Settles what follows from whether the student sees labelled inputs.

    A student of the paper does not: all of its pseudo labels count, its moving
    statistics follow the only pass that it has, and the feedback's cosine has
    no floor.

    Args:
        labeled_weight: Factor of the labelled loss; 0 if it sees none.
        weighting: What a pseudo label counts; `None` if it follows.
        statistics: Which passes the moving statistics follow, likewise.

    Returns:
        Both, and the feedback's `labeled_floor` where none is given.

    Raises:
        ValueError: If the moving statistics have no pass to follow.
    """
    if statistics == "labeled" and not labeled_weight:
        raise ValueError(
            "`student_statistics` must be 'all' where the student sees no "
            "labelled inputs. Received: student_statistics='labeled', "
            f"student_labeled_weight={labeled_weight}"
        )
    follows: tuple[Weighting, Statistics, float] = ("equal", "all", 0.0)
    if labeled_weight:
        follows = ("confidence", "labeled", 1.0)
    return (
        follows[0] if weighting is None else weighting,
        follows[1] if statistics is None else statistics,
        follows[2],
    )


class Student(NamedTuple):
    """A student that learns from pseudo labels.

    Attributes:
        learner: Its network and optimizer.
        batching: Whether it sees all unlabelled examples at once.
        key: From a site to this step's key there, int32, shape `(2,)`.
        step: Number of the step, from 0, shape `()`.
        label_smoothing: Fraction of the uniform distribution in its targets.
        labeled_weight: Factor of the labelled loss beside the pseudo labels'.
        statistics: Which of its passes its moving statistics follow.
    """

    learner: Learner
    batching: Batching
    key: Key
    step: Tensor
    label_smoothing: float
    labeled_weight: float
    statistics: Statistics

    def update(
        self,
        batch: Batch,
        targets: Tensor,
        weights: Tensor | None,
        *,
        compares_losses: bool,
    ) -> StudentUpdate:
        """Takes one step; the network stands at its new weights after it.

        Args:
            batch: One step's input; labels of shape `(batch, num_classes)`.
            targets: What it is shown for the strong view, constant, shape
                `(unlabeled, num_classes)`.
            weights: What each of these counts, constant, shape `(unlabeled,)`;
                1 each if `None`.
            compares_losses: Whether the labelled loss before the step is asked
                for too.

        Returns:
            The step, and what a feedback can ask about it.
        """
        learner = self.learner
        pseudo = PseudoLabelGradient(
            learner,
            self.batching,
            batch.strong_inputs,
            targets,
            weights,
            self.key(Site.STUDENT),
            label_smoothing=self.label_smoothing,
            move_statistics=self.statistics == "all",
        )
        pseudo_gradient = learner.summed(pseudo.parts)
        summed = {"student_loss": pseudo.loss}
        if weights is not None:
            summed["pseudo_label_weight"] = replicas.mean(weights)
        gradient = pseudo_gradient
        if self.labeled_weight:
            loss, more = self._beside_labels(batch)
            summed["student_labeled_loss"] = loss
            gradient = [a + b for a, b in zip(gradient, more, strict=True)]
        norm = losses.global_norm(gradient)
        shared = {
            "student_learning_rate": learner.learning_rate(),
            "student_gradient_norm": norm,
        }
        step_size = learner.step_size(norm)  # before the schedule moves
        loss_before = self._loss(batch) if compares_losses else None
        return StudentUpdate(
            targets=targets,
            weights=weights,
            gradient=pseudo_gradient,
            applied=learner.step(gradient),
            step_size=step_size,
            batch=batch,
            step=self.step,
            key=self.key(Site.PSEUDO_LABEL),
            loss_before=loss_before,
            labeled_loss=lambda other: self._loss(other or batch),
            labeled_gradient=lambda other: self._gradient(other or batch),
            credit_along=pseudo.credit_along,
            logs=Logs(summed, shared),
        )

    def _beside_labels(self, batch: Batch) -> tuple[Tensor, list[Tensor]]:
        """The loss on the given labels, this replica's part, and its gradient.

        Moving statistics follow, in a pass of its own.
        """
        learner = self.learner
        with learner.recording() as tape:
            key = seeds.fold_in(self.key(Site.LABELED), 1)
            logits = forward(
                learner.network, batch.labeled_inputs, key, step=learner.steps
            )
            loss = self._mean(batch, logits, self.label_smoothing)
            weighted = tf.cast(self.labeled_weight, loss.dtype) * loss
            scaled = learner.scaled(weighted)
        parts = learner.pull_back(tape, [scaled], [None])
        return loss, learner.summed(parts)

    def _loss(self, batch: Batch) -> Tensor:
        """The labelled loss now: no smoothing, no statistics moved."""
        logits = forward(
            self.learner.network,
            batch.labeled_inputs,
            self.key(Site.LABELED),
            move_statistics=False,
        )
        return self._mean(batch, logits)

    def _mean(
        self, batch: Batch, logits: Tensor, label_smoothing: float = 0.0
    ) -> Tensor:
        """Mean loss on given labels, this replica's part, shape `()`."""
        return replicas.mean(
            losses.labeled_cross_entropy(
                batch.labels,
                logits,
                label_smoothing=label_smoothing,
                sample_weight=batch.sample_weight,
            )
        )

    def _gradient(self, batch: Batch) -> list[Tensor]:
        """The gradient of the labelled loss now, summed over the replicas."""
        with self.learner.recording() as tape:
            scaled = self.learner.scaled(self._loss(batch))
        found = self.learner.summed(
            self.learner.pull_back(tape, [scaled], [None])
        )
        self.learner.watch("labelled gradient", found)
        return found
