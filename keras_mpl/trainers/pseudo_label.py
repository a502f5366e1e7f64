"""Pseudo labels of a fixed teacher (Eq. 1 of arXiv:2003.10580; Lee, 2013)."""

from typing import Any
from typing import ClassVar

import keras
import tensorflow as tf

from keras_mpl import losses
from keras_mpl.batch import Batch
from keras_mpl.seeds import Site
from keras_mpl.trainers import checks
from keras_mpl.trainers import consistency
from keras_mpl.trainers import passes
from keras_mpl.trainers import replicas
from keras_mpl.trainers import setting_checks
from keras_mpl.trainers.student_method import StudentMethod

Tensor = Any

PSEUDO_LABELS = ("hard", "soft")


@keras.saving.register_keras_serializable(package="keras_mpl")
class PseudoLabel(StudentMethod):
    """A trained teacher, which stays as it is, labels for the student.

        student_loss = mean_j mask_j CE(target_j, p(strong_j))
                       + labeled_weight * mean_i CE(y_i, p(labeled_i))

    The target is the teacher's most probable class on the weak view
    (`"hard"`) or its whole prediction (`"soft"`), in inference mode; `mask_j`
    is 1 where its confidence reaches the threshold, and rejected rows stay in
    the mean. With the defaults this is Eq. 1, what Meta Pseudo Labels adds
    feedback to: no labels for the student, no threshold. The paper's
    baseline of Table 2 is said to have used thresholds of 0.95 (CIFAR-10),
    0.975 (SVHN) and 0.7 (ImageNet): App. C.4, from memory.

    Args:
        teacher: Trained Keras model, inputs to logits `(batch, num_classes)`;
            its weights are not changed.
        student: Another one of as many classes, of any architecture.
        pseudo_labels: `"hard"` or `"soft"`.
        confidence_threshold: Lowest confidence that counts, in `[0, 1]`.
        labeled_weight: Factor of the labelled loss; 0 leaves labels out.
        **settings: See `Method`; `label_smoothing` is of labels and of pseudo
            labels, as in Meta Pseudo Labels.

    Attributes:
        teacher: The network that labels.

    Raises:
        ValueError: If the networks or settings do not fit together.
    """

    parts: ClassVar[tuple[str, ...]] = (
        "student_loss",
        "labeled_loss",
        "unlabeled_loss",
        "mask_ratio",
        "student_accuracy",
    )
    own_settings: ClassVar[tuple[str, ...]] = (
        "pseudo_labels",
        "confidence_threshold",
        "labeled_weight",
    )

    def __init__(
        self,
        teacher: keras.Model,
        student: keras.Model,
        *,
        pseudo_labels: str = "hard",
        confidence_threshold: float = 0.0,
        labeled_weight: float = 0.0,
        **settings: Any,
    ):
        checks.separate(teacher, student, is_fixed=True)
        setting_checks.one_of("pseudo_labels", pseudo_labels, PSEUDO_LABELS)
        setting_checks.probability("confidence_threshold", confidence_threshold)
        setting_checks.not_negative("labeled_weight", labeled_weight)
        super().__init__(student, **settings)
        self.teacher = teacher
        self.pseudo_labels = pseudo_labels
        self.confidence_threshold = confidence_threshold
        self.labeled_weight = labeled_weight

    @property
    def networks(self) -> dict[str, keras.Model]:
        """The student and the teacher."""
        return {"student": self.student, "teacher": self.teacher}

    @property
    def trained_networks(self) -> dict[str, keras.Model]:
        """The student alone."""
        return {"student": self.student}

    @property
    def logged(self) -> tuple[str, ...]:
        """Names of the scalars logged; those of labels where they count."""
        of_labels = ("labeled_loss", "unlabeled_loss", "student_accuracy")
        return tuple(
            name
            for name in super().logged
            if self.labeled_weight or name not in of_labels
        )

    def student_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Eq. 1: cross-entropy with what the teacher says."""
        target, mask = self._targets(batch)
        views, key = [batch.strong_inputs], self.key(Site.STUDENT)
        if self.labeled_weight:
            views.append(batch.labeled_inputs)
        strong, *labeled = passes.forward_joined(self.student, views, key)
        unlabeled = mask * losses.cross_entropy(target, strong)
        parts = {"mask_ratio": replicas.mean(mask)}
        if not self.labeled_weight:
            return {"student_loss": replicas.mean(unlabeled), **parts}
        smooth = losses.smooth(batch.labels, self.label_smoothing)
        of_labels = losses.cross_entropy(smooth, labeled[0])
        hits = losses.correct(batch.labels, labeled[0])
        return {
            "student_loss": self._combined(of_labels, unlabeled),
            "labeled_loss": replicas.mean(of_labels),
            "unlabeled_loss": replicas.mean(unlabeled),
            "student_accuracy": replicas.mean(hits),
            **parts,
        }

    def _combined(self, of_labels: Tensor, unlabeled: Tensor) -> Tensor:
        labeled_loss = self.labeled_weight * replicas.mean(of_labels)
        return replicas.mean(unlabeled) + labeled_loss

    def _targets(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The teacher's labels of the weak view, and which of them count."""
        logits = self.teacher(batch.weak_inputs, training=False)
        logits = tf.cast(logits, passes.wide_dtype(self.student))
        target, mask = consistency.hard_label(logits, self.confidence_threshold)
        if self.pseudo_labels == "soft":
            target = tf.nn.softmax(tf.stop_gradient(logits))
        return losses.smooth(target, self.label_smoothing), mask
