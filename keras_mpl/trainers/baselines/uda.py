"""Unsupervised Data Augmentation (Xie et al., arXiv:1904.12848)."""

from collections.abc import Mapping
from typing import ClassVar
from typing import Unpack

import keras
import tensorflow as tf

from keras_mpl import losses
from keras_mpl import replicas
from keras_mpl import schedules
from keras_mpl.batch import Batch
from keras_mpl.seeds import Site
from keras_mpl.trainers.checks import settings as check
from keras_mpl.trainers.engine.forward import WeakView
from keras_mpl.trainers.engine.forward import forward_views
from keras_mpl.trainers.engine.method import Check
from keras_mpl.trainers.engine.method import SharedSettings
from keras_mpl.trainers.engine.student_method import StudentMethod
from keras_mpl.types import Tensor


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
        weak_view: `"joint"`: one pass over all views, as in the released
            code; `"apart"`: see `MetaPseudoLabels`.
        align_distribution: Whether predictions on the weak view are aligned
            to the shares of the classes among the labels before they become
            targets: `q * mean label / mean q`, renormalised, with running
            means (ReMixMatch, arXiv:1911.09785). It supposes that the
            unlabelled examples have their classes in those shares.
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
    own_settings: ClassVar[Mapping[str, Check]] = {
        "weak_view": check.choice(WeakView),
        "consistency_weight": check.constant,
        "consistency_ramp_steps": check.constant,
        "temperature": check.positive,
        "confidence_threshold": check.probability,
        "threshold_on": check.choice(losses.Threshold),
        "annealing": check.choice(losses.Annealing),
        "annealing_steps": check.constant,
        "align_distribution": check.flag,
    }

    def __init__(
        self,
        student: keras.Model,
        *,
        consistency_weight: float = 1.0,
        consistency_ramp_steps: int = 0,
        temperature: float = 0.4,
        confidence_threshold: float = 0.8,
        threshold_on: losses.Threshold = "raw",
        annealing: losses.Annealing = "none",
        annealing_steps: int = 0,
        weak_view: WeakView = "joint",
        align_distribution: bool = False,
        **settings: Unpack[SharedSettings],
    ):
        own = self.checked(locals())
        if annealing != "none":
            check.positive("annealing_steps", annealing_steps)
        super().__init__(student, **settings)
        self.keep(own)
        self.prepare_alignment(align_distribution)

    def student_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Eq. 1 of UDA: labelled loss plus weighted consistency loss."""
        labeled, weak, strong = forward_views(
            self.student,
            batch,
            self.key(Site.STUDENT),
            weak_view=self.weak_view,
            step=self.statistics_step,
        )
        drift, mask = losses.uda_loss(
            self.aligned(batch.labels, weak),
            strong,
            temperature=self.temperature,
            confidence_threshold=self.confidence_threshold,
            threshold_on=self.threshold_on,
        )
        terms = self.labeled_terms(batch, labeled)
        if self.annealing != "none":
            terms["labeled_loss"] = self._annealed(batch, labeled)
        consistency_loss = replicas.mean(drift)
        ramp = schedules.linear_ramp(
            self.step.value, self.consistency_ramp_steps
        )
        weight = self.consistency_weight * tf.cast(ramp, drift.dtype)
        return {
            "student_loss": terms["labeled_loss"] + weight * consistency_loss,
            "consistency_loss": consistency_loss,
            "mask_ratio": replicas.mean(mask),
            **terms,
        }

    def _annealed(self, batch: Batch, logits: Tensor) -> Tensor:
        """The loss on those labels that are not yet too probable."""
        per_example = losses.labeled_cross_entropy(
            batch.labels, logits, label_smoothing=self.label_smoothing
        )
        progress = tf.cast(self.step.value, logits.dtype) / self.annealing_steps
        threshold = losses.annealing_threshold(
            self.annealing, tf.minimum(progress, 1.0), self.num_classes
        )
        probs = tf.nn.softmax(tf.stop_gradient(logits))
        of_label = tf.reduce_sum(batch.labels * probs, axis=-1)
        kept = tf.cast(of_label <= threshold, logits.dtype)
        if batch.sample_weight is not None:
            kept *= batch.sample_weight
        return replicas.masked_mean(per_example, kept)
