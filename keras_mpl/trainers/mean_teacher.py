"""Mean Teacher (Tarvainen and Valpola, arXiv:1703.01780)."""

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
class MeanTeacher(StudentMethod):
    """The student follows the predictions of its own moving average (Sec. 2).

        student_loss = mean_i CE(y_i, p(labeled_i)) + consistency_weight *
            ramp(step) mean_j (1/K) sum_k (p_k(strong_j) - p'_k(weak_j))^2

    with `p'` the average `ema_student`, in training mode with its own
    dropout, and `ramp(t) = exp(-5 (1 - t / consistency_ramp_steps)^2)`.

    The defaults are those of the paper's CIFAR-10 and SVHN runs with all
    labels (CuriousAI/mean-teacher, tensorflow/mean_teacher/model.py: weight
    100, ramp 40,000 steps, decay 0.999); with few labels they use
    `100 * labels / examples` on CIFAR-10. Deviations: the decay is ramped as
    in `ema.ramped_decay` (theirs: 0.99, or 0.999, until the ramp ends, then
    0.999); consistency is asked for on unlabelled examples, of which the
    labelled ones can be a part, where theirs is on both.

    Args:
        student: The network; see `Method`.
        consistency_weight: Factor of the consistency loss, after the ramp.
        consistency_ramp_steps: Length of the ramp; 0 for none.
        ema_decay: Decay of the average that teaches; above 0.
        **settings: See `Method`.

    Raises:
        ValueError: If the network or a setting can not be used.
    """

    parts: ClassVar[tuple[str, ...]] = (
        "student_loss",
        "labeled_loss",
        "consistency_loss",
        "student_accuracy",
    )
    own_settings: ClassVar[tuple[str, ...]] = (
        "consistency_weight",
        "consistency_ramp_steps",
    )

    def __init__(
        self,
        student: keras.Model,
        *,
        consistency_weight: float = 100.0,
        consistency_ramp_steps: int = 40_000,
        ema_decay: float = 0.999,
        **settings: Any,
    ):
        check = setting_checks
        check.not_negative("consistency_weight", consistency_weight)
        check.not_negative("consistency_ramp_steps", consistency_ramp_steps)
        check.positive("ema_decay", ema_decay)  # the average is the teacher
        super().__init__(student, ema_decay=ema_decay, **settings)
        self.consistency_weight = consistency_weight
        self.consistency_ramp_steps = consistency_ramp_steps

    def student_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Labelled loss plus the ramped distance from the average."""
        labeled, strong = passes.forward_joined(
            self.student,
            (batch.labeled_inputs, batch.strong_inputs),
            self.key(Site.STUDENT),
        )
        followed = passes.forward(
            self.ema_student,
            batch.weak_inputs,
            self.key(Site.TEACHER),
            move_statistics=False,
        )
        smooth = losses.smooth(batch.labels, self.label_smoothing)
        labeled_loss = replicas.mean(losses.cross_entropy(smooth, labeled))
        consistency_loss = replicas.mean(
            consistency.squared_distance(followed, strong)
        )
        ramp = schedules.sigmoid_ramp(
            self.step.value, self.consistency_ramp_steps
        )
        weight = self.consistency_weight * tf.cast(ramp, strong.dtype)
        return {
            "student_loss": labeled_loss + weight * consistency_loss,
            "labeled_loss": labeled_loss,
            "consistency_loss": consistency_loss,
            "student_accuracy": replicas.mean(
                losses.correct(batch.labels, labeled)
            ),
        }
