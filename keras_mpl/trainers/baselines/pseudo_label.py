"""Pseudo labels of a fixed teacher (Eq. 1 of arXiv:2003.10580; Lee, 2013)."""

from collections.abc import Mapping
from typing import ClassVar
from typing import Literal
from typing import Unpack

import keras
import tensorflow as tf

from keras_mpl import deprecation
from keras_mpl import losses
from keras_mpl import replicas
from keras_mpl.batch import Batch
from keras_mpl.seeds import Site
from keras_mpl.trainers.checks import networks as network_checks
from keras_mpl.trainers.checks import settings as check
from keras_mpl.trainers.engine.forward import forward_joined
from keras_mpl.trainers.engine.method import Check
from keras_mpl.trainers.engine.method import SharedSettings
from keras_mpl.trainers.engine.student_method import StudentMethod
from keras_mpl.types import Tensor

PseudoLabels = Literal["hard", "soft"]


@keras.saving.register_keras_serializable(package="keras_mpl")
class PseudoLabel(StudentMethod):
    """A trained teacher, which stays as it is, labels for the student.

        student_loss = mean_j mask_j CE(target_j, p(strong_j))
                       + student_labeled_weight * mean_i CE(y_i, p(labeled_i))

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
        student_labeled_weight: Factor of the labelled loss; 0 leaves labels
            out. (`labeled_weight` is its deprecated name.)
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
    own_settings: ClassVar[Mapping[str, Check]] = {
        "pseudo_labels": check.choice(PseudoLabels),
        "confidence_threshold": check.probability,
        "student_labeled_weight": check.constant,
    }

    def __init__(
        self,
        teacher: keras.Model,
        student: keras.Model,
        *,
        pseudo_labels: PseudoLabels = "hard",
        confidence_threshold: float = 0.0,
        student_labeled_weight: float = 0.0,
        labeled_weight: float | None = None,
        **settings: Unpack[SharedSettings],
    ):
        network_checks.separate(teacher, student, is_fixed=True)
        student_labeled_weight = deprecation.renamed(
            "labeled_weight",
            "student_labeled_weight",
            labeled_weight,
            student_labeled_weight,
        )
        own = PseudoLabel.checked(locals())
        super().__init__(student, **settings)
        self.teacher = teacher
        self.keep(own)

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
            if self.student_labeled_weight or name not in of_labels
        )

    def student_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Eq. 1: cross-entropy with what the teacher says."""
        target, mask = self._targets(batch)
        views, key = [batch.strong_inputs], self.key(Site.STUDENT)
        if self.student_labeled_weight:
            views.append(batch.labeled_inputs)
        strong, *labeled = forward_joined(
            self.student, views, key, step=self.statistics_step
        )
        unlabeled = mask * losses.cross_entropy(target, strong)
        parts = {"mask_ratio": replicas.mean(mask)}
        if not self.student_labeled_weight:
            return {"student_loss": replicas.mean(unlabeled), **parts}
        of_labels = self.labeled_losses(batch, labeled[0])
        return {
            "student_loss": self._combined(of_labels, unlabeled),
            "unlabeled_loss": replicas.mean(unlabeled),
            **self.labeled_terms(batch, labeled[0]),
            **parts,
        }

    def _combined(self, of_labels: Tensor, unlabeled: Tensor) -> Tensor:
        weighted = self.student_labeled_weight * replicas.mean(of_labels)
        return replicas.mean(unlabeled) + weighted

    def _targets(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The teacher's labels of the weak view, and which of them count."""
        logits = self.teacher(batch.weak_inputs, training=False)
        logits = tf.cast(logits, network_checks.loss_dtype(self.student))
        target, mask = losses.hard_label(logits, self.confidence_threshold)
        if self.pseudo_labels == "soft":
            target = tf.nn.softmax(tf.stop_gradient(logits))
        return losses.smooth(target, self.label_smoothing), mask
