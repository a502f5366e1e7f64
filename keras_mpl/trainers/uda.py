"""Unsupervised Data Augmentation (Xie et al., arXiv:1904.12848)."""

from typing import Any
from typing import ClassVar

import keras
import tensorflow as tf

from keras_mpl import losses
from keras_mpl import schedules
from keras_mpl.batch import Batch
from keras_mpl.seeds import Site
from keras_mpl.trainers import consistency
from keras_mpl.trainers import passes
from keras_mpl.trainers import replicas
from keras_mpl.trainers import setting_checks
from keras_mpl.trainers.student_method import StudentMethod

Tensor = Any


@keras.saving.register_keras_serializable(package="keras_mpl")
class UDA(StudentMethod):
    """Labels, and predictions that survive strong augmentation (Eq. 1).

        student_loss = mean_i CE(y_i, p(labeled_i)) + consistency_weight *
            mean_j mask_j CE(softmax(z(weak_j) / temperature), p(strong_j))

    with `mask_j` 1 where the confidence on the weak view reaches the
    threshold; rejected rows stay in the mean. One pass over all three views,
    as in the released code. With `annealing`, labelled examples whose label
    is already more probable than a rising threshold are left out, and the
    labelled mean is over the others (Sec. 3.3).

    The defaults are those of the released CIFAR-10 and SVHN scripts
    (google-research/uda, image/scripts/run_cifar10_gpu.sh: temperature 0.4,
    threshold 0.8 on the raw prediction, weight 1, 7 unlabelled examples per
    labelled one, no annealing). The baseline of Meta Pseudo Labels' tables
    thresholds the sharpened target instead.

    Args:
        student: The network; see `Method`.
        consistency_weight: Factor of the consistency loss.
        consistency_ramp_steps: Steps over which that factor rises from 0.
        temperature: Of the target; below 1 sharpens it.
        confidence_threshold: Lowest confidence that counts, in `[0, 1]`.
        threshold_on: Whether that confidence is of the `"raw"` prediction or
            of the `"sharpened"` target.
        annealing: `"none"`, `"linear"`, `"log"` or `"exp"`.
        annealing_steps: Steps until every label counts; needed to anneal.
        **settings: See `Method`.

    Raises:
        ValueError: If the network or a setting can not be used.
    """

    parts: ClassVar[tuple[str, ...]] = (
        "student_loss",
        "labeled_loss",
        "consistency_loss",
        "mask_ratio",
        "student_accuracy",
    )
    own_settings: ClassVar[tuple[str, ...]] = (
        "consistency_weight",
        "consistency_ramp_steps",
        "temperature",
        "confidence_threshold",
        "threshold_on",
        "annealing",
        "annealing_steps",
    )

    def __init__(
        self,
        student: keras.Model,
        *,
        consistency_weight: float = 1.0,
        consistency_ramp_steps: int = 0,
        temperature: float = 0.4,
        confidence_threshold: float = 0.8,
        threshold_on: str = "raw",
        annealing: str = "none",
        annealing_steps: int = 0,
        **settings: Any,
    ):
        check = setting_checks
        check.not_negative("consistency_weight", consistency_weight)
        check.not_negative("consistency_ramp_steps", consistency_ramp_steps)
        check.positive("temperature", temperature)
        check.probability("confidence_threshold", confidence_threshold)
        check.one_of("threshold_on", threshold_on, consistency.THRESHOLDS)
        check.one_of("annealing", annealing, consistency.ANNEALINGS)
        if annealing != "none":
            check.positive("annealing_steps", annealing_steps)
        super().__init__(student, **settings)
        self.consistency_weight = consistency_weight
        self.consistency_ramp_steps = consistency_ramp_steps
        self.temperature = temperature
        self.confidence_threshold = confidence_threshold
        self.threshold_on = threshold_on
        self.annealing = annealing
        self.annealing_steps = annealing_steps

    def student_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Eq. 1 of UDA: labelled loss plus weighted consistency loss."""
        labeled, weak, strong = passes.forward_joined(
            self.student,
            (batch.labeled_inputs, batch.weak_inputs, batch.strong_inputs),
            self.key(Site.STUDENT),
        )
        drift, mask = consistency.uda(
            weak,
            strong,
            temperature=self.temperature,
            confidence_threshold=self.confidence_threshold,
            threshold_on=self.threshold_on,
        )
        labeled_loss = self._labeled_loss(batch.labels, labeled)
        consistency_loss = replicas.mean(drift)
        ramp = schedules.linear_ramp(
            self.step.value, self.consistency_ramp_steps
        )
        weight = self.consistency_weight * tf.cast(ramp, drift.dtype)
        return {
            "student_loss": labeled_loss + weight * consistency_loss,
            "labeled_loss": labeled_loss,
            "consistency_loss": consistency_loss,
            "mask_ratio": replicas.mean(mask),
            "student_accuracy": replicas.mean(
                losses.correct(batch.labels, labeled)
            ),
        }

    def _labeled_loss(self, labels: Tensor, logits: Tensor) -> Tensor:
        smooth = losses.smooth(labels, self.label_smoothing)
        per_example = losses.cross_entropy(smooth, logits)
        if self.annealing == "none":
            return replicas.mean(per_example)
        progress = tf.cast(self.step.value, logits.dtype) / self.annealing_steps
        threshold = consistency.annealing_threshold(
            self.annealing, tf.minimum(progress, 1.0), self.num_classes
        )
        probs = tf.nn.softmax(tf.stop_gradient(logits))
        of_label = tf.reduce_sum(labels * probs, axis=-1)
        kept = tf.cast(of_label <= threshold, logits.dtype)
        return replicas.masked_mean(per_example, kept)
