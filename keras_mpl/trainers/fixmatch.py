"""FixMatch (Sohn et al., arXiv:2001.07685), Algorithm 1."""

from typing import Any
from typing import ClassVar

import keras

from keras_mpl import losses
from keras_mpl.batch import Batch
from keras_mpl.seeds import Site
from keras_mpl.trainers import consistency
from keras_mpl.trainers import passes
from keras_mpl.trainers import replicas
from keras_mpl.trainers import setting_checks
from keras_mpl.trainers.student_method import StudentMethod

Tensor = Any


@keras.saving.register_keras_serializable(package="keras_mpl")
class FixMatch(StudentMethod):
    """Confident hard labels of the weak view teach the strong view (Eq. 4).

        student_loss = mean_i CE(y_i, p(labeled_i)) + consistency_weight *
            mean_j [max q_j >= confidence_threshold] CE(argmax q_j, p(strong_j))

    with `q_j = p(weak_j)`, constant; rejected rows stay in the mean. One pass
    over all three views, as in the released code.

    The defaults are the paper's (Table 4; google-research/fixmatch,
    fixmatch.py: threshold 0.95, weight 1, EMA 0.999; there 7 unlabelled
    examples per labelled one, 64 labelled ones, learning rate 0.03, weight
    decay 0.0005). Deviation: the average is ramped, see `ema.ramped_decay`.

    Args:
        student: The network; see `Method`.
        consistency_weight: Factor of the unlabelled loss.
        confidence_threshold: Lowest confidence that counts, in `[0, 1]`.
        ema_decay: Decay of the average that is evaluated.
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
        "confidence_threshold",
    )

    def __init__(
        self,
        student: keras.Model,
        *,
        consistency_weight: float = 1.0,
        confidence_threshold: float = 0.95,
        ema_decay: float = 0.999,
        **settings: Any,
    ):
        setting_checks.not_negative("consistency_weight", consistency_weight)
        setting_checks.probability("confidence_threshold", confidence_threshold)
        super().__init__(student, ema_decay=ema_decay, **settings)
        self.consistency_weight = consistency_weight
        self.confidence_threshold = confidence_threshold

    def student_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Eq. 4 of FixMatch: labelled loss plus weighted unlabelled loss."""
        labeled, weak, strong = passes.forward_joined(
            self.student,
            (batch.labeled_inputs, batch.weak_inputs, batch.strong_inputs),
            self.key(Site.STUDENT),
        )
        smooth = losses.smooth(batch.labels, self.label_smoothing)
        labeled_loss = replicas.mean(losses.cross_entropy(smooth, labeled))
        target, mask = consistency.hard_label(weak, self.confidence_threshold)
        consistency_loss = replicas.mean(
            mask * losses.cross_entropy(target, strong)
        )
        loss = labeled_loss + self.consistency_weight * consistency_loss
        return {
            "student_loss": loss,
            "labeled_loss": labeled_loss,
            "consistency_loss": consistency_loss,
            "mask_ratio": replicas.mean(mask),
            "student_accuracy": replicas.mean(
                losses.correct(batch.labels, labeled)
            ),
        }
