"""Noisy Student (Xie et al., arXiv:1911.04252), Algorithm 1."""

from collections.abc import Mapping
from typing import ClassVar
from typing import Unpack

import keras
import tensorflow as tf

from keras_mpl import replicas
from keras_mpl.trainers.baselines.pseudo_label import PseudoLabel
from keras_mpl.trainers.baselines.pseudo_label import PseudoLabels
from keras_mpl.trainers.checks import settings as check
from keras_mpl.trainers.engine.method import Check
from keras_mpl.trainers.engine.method import SharedSettings
from keras_mpl.types import Tensor


@keras.saving.register_keras_serializable(package="keras_mpl")
class NoisyStudent(PseudoLabel):
    """A noised student learns from labels and a clean teacher, then teaches.

    The teacher labels the weak view in inference mode, without noise; the
    student sees strong views with dropout and whatever noise it has. The loss
    is the average over labelled and unlabelled examples together,

        student_loss = (sum_i CE(y_i, p(labeled_i))
                        + sum_j mask_j CE(target_j, p(strong_j))) / (n + m)

    (Sec. 2.1 and 3.1; google-research/noisystudent, main.py, weighs examples
    alike too, and divides by `n`). Iterate with `successor`: the student
    becomes the teacher of a new one, which is as large or larger.

    Defaults are the paper's: soft labels, no threshold here: it drops images
    below a confidence of 0.3 and balances classes once, when it chooses them
    (Sec. 3.1), which is `keras-mpl select`. Both networks' labelled inputs
    are noised in the paper; here they come as the data makes them.

    Args:
        teacher: Trained Keras model; see `PseudoLabel`.
        student: Another one, as large or larger.
        pseudo_labels: `"soft"` or `"hard"`.
        confidence_threshold: Lowest confidence that counts, in `[0, 1]`.
        **settings: See `Method`.

    Raises:
        ValueError: If the networks or settings do not fit together.
    """

    own_settings: ClassVar[Mapping[str, Check]] = {
        "pseudo_labels": check.choice(PseudoLabels),
        "confidence_threshold": check.probability,
    }

    def __init__(
        self,
        teacher: keras.Model,
        student: keras.Model,
        *,
        pseudo_labels: PseudoLabels = "soft",
        confidence_threshold: float = 0.0,
        **settings: Unpack[SharedSettings],
    ):
        super().__init__(
            teacher,
            student,
            pseudo_labels=pseudo_labels,
            confidence_threshold=confidence_threshold,
            student_labeled_weight=1.0,  # `_combined` weighs them
            **settings,
        )

    def _combined(self, of_labels: Tensor, unlabeled: Tensor) -> Tensor:
        return replicas.mean(tf.concat([of_labels, unlabeled], axis=0))

    def successor(self, student: keras.Model) -> "NoisyStudent":
        """The next round: this one's averaged student teaches a new student.

        Args:
            student: Built, not yet trained, as large or larger.

        Returns:
            A model with the same settings, not compiled.

        Raises:
            ValueError: If the networks do not fit together.
        """
        settings = self.get_config()
        for name in ("teacher", "student", "name"):
            del settings[name]
        return type(self)(self.ema_student, student, **settings)
