"""FixMatch (Sohn et al., arXiv:2001.07685), Algorithm 1."""

from collections.abc import Mapping
from typing import ClassVar
from typing import Unpack

import keras

from keras_mpl import losses
from keras_mpl import replicas
from keras_mpl.batch import Batch
from keras_mpl.seeds import Site
from keras_mpl.trainers.checks import settings as check
from keras_mpl.trainers.engine.forward import WeakView
from keras_mpl.trainers.engine.forward import forward_views
from keras_mpl.trainers.engine.method import Check
from keras_mpl.trainers.engine.method import SettingsButDecay
from keras_mpl.trainers.engine.student_method import StudentMethod
from keras_mpl.types import Tensor


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
        align_distribution: Whether predictions on the weak view are aligned
            to the labels first; see `UDA`.
        ema_decay: Decay of the average that is evaluated.
        weak_view: `"joint"`: one pass over all views, as in the released
            code; `"apart"`: see `MetaPseudoLabels`.
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
        "confidence_threshold": check.probability,
        "align_distribution": check.flag,
    }

    def __init__(
        self,
        student: keras.Model,
        *,
        consistency_weight: float = 1.0,
        confidence_threshold: float = 0.95,
        weak_view: WeakView = "joint",
        align_distribution: bool = False,
        ema_decay: float = 0.999,
        **settings: Unpack[SettingsButDecay],
    ):
        own = self.checked(locals())
        super().__init__(student, ema_decay=ema_decay, **settings)
        self.keep(own)
        self.prepare_alignment(align_distribution)

    def student_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Eq. 4 of FixMatch: labelled loss plus weighted unlabelled loss."""
        labeled, weak, strong = forward_views(
            self.student,
            batch,
            self.key(Site.STUDENT),
            weak_view=self.weak_view,
            step=self.statistics_step,
        )
        terms = self.labeled_terms(batch, labeled)
        target, mask = losses.hard_label(
            self.aligned(batch.labels, weak), self.confidence_threshold
        )
        consistency_loss = replicas.mean(
            mask * losses.cross_entropy(target, strong)
        )
        weighted = self.consistency_weight * consistency_loss
        return {
            "student_loss": terms["labeled_loss"] + weighted,
            "consistency_loss": consistency_loss,
            "mask_ratio": replicas.mean(mask),
            **terms,
        }
