"""Mean Teacher (Tarvainen and Valpola, arXiv:1703.01780)."""

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
from keras_mpl.trainers.engine.forward import forward
from keras_mpl.trainers.engine.forward import forward_joined
from keras_mpl.trainers.engine.method import Check
from keras_mpl.trainers.engine.method import SettingsButDecay
from keras_mpl.trainers.engine.student_method import StudentMethod
from keras_mpl.types import Tensor


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
        consistency_ramp_steps: Length of the ramp; 0 for none. The paper's is
            for long trainings: take a quarter of yours.
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
    own_settings: ClassVar[Mapping[str, Check]] = {
        "consistency_weight": check.constant,
        "consistency_ramp_steps": check.constant,
    }

    def __init__(
        self,
        student: keras.Model,
        *,
        consistency_weight: float = 100.0,
        consistency_ramp_steps: int = 40_000,
        ema_decay: float = 0.999,
        **settings: Unpack[SettingsButDecay],
    ):
        own = self.checked(locals())
        check.positive("ema_decay", ema_decay)  # the average is the teacher
        super().__init__(student, ema_decay=ema_decay, **settings)
        self.keep(own)

    def student_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Labelled loss plus the ramped distance from the average."""
        labeled, strong = forward_joined(
            self.student,
            (batch.labeled_inputs, batch.strong_inputs),
            self.key(Site.STUDENT),
            step=self.statistics_step,
        )
        followed = forward(
            self.ema_student,
            batch.weak_inputs,
            self.key(Site.TEACHER),
            move_statistics=False,
        )
        terms = self.labeled_terms(batch, labeled)
        consistency_loss = replicas.mean(
            losses.squared_distance(followed, strong)
        )
        ramp = schedules.sigmoid_ramp(
            self.step.value, self.consistency_ramp_steps
        )
        weight = self.consistency_weight * tf.cast(ramp, strong.dtype)
        return {
            "student_loss": terms["labeled_loss"] + weight * consistency_loss,
            "consistency_loss": consistency_loss,
            **terms,
        }
