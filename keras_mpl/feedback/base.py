"""What every kind of feedback shares: its settings, and what it must answer."""

import numbers
import re
from typing import Any
from typing import ClassVar
from typing import Literal
from typing import Protocol
from typing import Self
from typing import TypedDict

import keras
import tensorflow as tf

from keras_mpl import losses
from keras_mpl.feedback.update import Signal
from keras_mpl.feedback.update import StudentUpdate
from keras_mpl.types import Schedulable
from keras_mpl.types import Tensor

Scale = Literal["exact", "cosine"]


class Settings(TypedDict, total=False):
    """The arguments that every kind has; see `Feedback`."""

    scale: Scale | None
    centering: bool | None
    weight: Schedulable | None
    cosine_floor: float | None
    labeled_floor: float | None


class AddWeight(Protocol):
    """Makes a variable that is saved with the model; `Layer.add_weight`."""

    def __call__(self, *, name: str, dtype: str, **options: object) -> Any:
        """Returns the variable, of shape `()`, 0 at first."""


class Feedback:
    """How the teacher learns what its pseudo labels did to the student.

    One object answers three questions of each step: what the student is shown
    (`targets`), what its step did to its labelled loss (`measure`), and which
    loss of the teacher follows from that (`meta_loss`). A subclass is a kind
    of feedback of its own: give it to `MetaPseudoLabels(feedback=)`.

    Args:
        scale: `"exact"` multiplies with the step size `s` of the student and
            needs plain SGD, but for a kind that `compares_losses`; `"cosine"`
            divides by the norms of the two gradients instead (App. C.3). `None`
            is the first of the kind's `scales`.
        centering: Whether each class' mean credit over the batch is taken
            away (docs/design.md). `None` does so under `"cosine"`.
        weight: Factor of the meta loss in the teacher's loss, a number or a
            Keras `LearningRateSchedule`. `None` is 1 under `"exact"`, and
            under `"cosine"` what did best on validation (`default_weight`).
        cosine_floor: Smallest norm of the student's gradient that the cosine
            divides by; `None` is 0.05.
        labeled_floor: Norm of the labelled gradient from which on it counts in
            full under the cosine; below it counts in proportion. `None`: 1
            where the student learns the given labels too, and soon fits them;
            else 0.

    Attributes:
        name: Its name in messages, in snake case.
        scales: The scales that the kind takes, its default first.
        has_credit: Whether there is one number per example and class, which
            alone can be centred.
        is_sampled: Whether the student is shown samples of `q`, and not `q`.
        compares_losses: Whether `measure` needs the labelled loss before the
            step too.
        logged: Names of the scalars in the signal's `logs`.

    Raises:
        ValueError: If a setting can not be used.
    """

    scales: ClassVar[tuple[Scale, ...]] = ("cosine", "exact")
    has_credit: ClassVar[bool] = False
    is_sampled: ClassVar[bool] = False
    compares_losses: ClassVar[bool] = False
    logged: ClassVar[tuple[str, ...]] = ("feedback", "labeled_gradient_norm")

    def __init__(
        self,
        *,
        scale: Scale | None = None,
        centering: bool | None = None,
        weight: Schedulable | None = None,
        cosine_floor: float | None = None,
        labeled_floor: float | None = None,
    ):
        self.scale = self._checked_scale(scale)
        self.centering = self._checked_centering(centering)
        _check_not_negative("weight", weight)
        _check_not_negative("cosine_floor", cosine_floor)
        _check_not_negative("labeled_floor", labeled_floor)
        if isinstance(weight, numbers.Real):  # of Python or NumPy
            weight = float(weight)
        self.weight = weight
        self.cosine_floor = (
            0.05 if cosine_floor is None else float(cosine_floor)
        )
        if labeled_floor is not None:
            labeled_floor = float(labeled_floor)
        self.labeled_floor = labeled_floor
        self._is_built = False

    @property
    def name(self) -> str:  # noqa: D102
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    def _checked_scale(self, scale: Scale | None) -> Scale:
        if scale is not None and scale not in self.scales:
            raise ValueError(
                f"`feedback_scale` must be one of {sorted(self.scales)} with "
                f"feedback={self.name!r}. Received: feedback_scale={scale!r}"
            )
        return scale or self.scales[0]

    def _checked_centering(self, centering: bool | None) -> bool:
        if centering not in (None, True, False):
            raise ValueError(
                "`feedback_centering` must be one of [None, True, False]. "
                f"Received: feedback_centering={centering!r}"
            )
        if centering and not self.has_credit:
            raise ValueError(
                "`feedback_centering` must be False with "
                f"feedback={self.name!r}, which has no number per class. "
                "Received: feedback_centering=True"
            )
        if centering is None:
            return self.has_credit and self.scale == "cosine"
        return bool(centering)

    @property
    def needs_plain_sgd(self) -> bool:
        """Whether the student's step must be linear in its gradient."""
        return self.scale == "exact" and not self.compares_losses

    def default_weight(self, *, is_alone: bool) -> float:
        """The factor of the meta loss where none was given.

        Args:
            is_alone: Whether the feedback is all that the teacher learns from
                unlabelled inputs.

        Returns:
            1 under `"exact"`, where that is the unit of Eq. 3; otherwise what
            did best on validation (docs/evidence.md).
        """
        del is_alone
        return 1.0

    def build(
        self, add_weight: AddWeight, *, dtype: str, is_alone: bool
    ) -> None:
        """Makes the variables and fills in the weight, for one model.

        Args:
            add_weight: Makes a variable that is saved with the model.
            dtype: Type that the model's losses are computed in.
            is_alone: See `default_weight`.

        Raises:
            ValueError: If it was built for another model.
        """
        del add_weight, dtype
        if self._is_built:
            raise ValueError(
                "`feedback` must be a new object for each model. Received: "
                f"the {type(self).__name__} of another model"
            )
        self._is_built = True
        if self.weight is None:
            self.weight = self.default_weight(is_alone=is_alone)

    def targets(self, pseudo_probs: Tensor, key: Tensor) -> Tensor:
        """What the student is shown: the teacher's distribution `q` itself.

        Args:
            pseudo_probs: `q`, shape `(unlabeled, num_classes)`.
            key: Key of the draws, int32, shape `(2,)`.

        Returns:
            Probabilities, one-hot among them, constant, same shape.
        """
        del key
        return tf.stop_gradient(pseudo_probs)

    def measure(self, update: StudentUpdate) -> Signal:
        """Measures what the student's step did to its labelled loss.

        Args:
            update: The step, which is already done.

        Returns:
            What the teacher is told.

        Raises:
            NotImplementedError: If the kind has no answer.
        """
        raise NotImplementedError(
            f"`{type(self).__name__}` must have a method `measure`"
        )

    def meta_loss(self, signal: Signal, logits: Tensor) -> Tensor:
        """The teacher's loss, per example; to be SUMMED, not averaged.

        Args:
            signal: What `measure` returned, of these rows.
            logits: The logits of `q`, shape `(rows, num_classes)`; gradient
                flows through them alone.

        Returns:
            Per-example loss, shape `(rows,)`.

        Raises:
            NotImplementedError: If the kind has no answer.
        """
        raise NotImplementedError(
            f"`{type(self).__name__}` must have a method `meta_loss`"
        )

    def factor(
        self,
        update: StudentUpdate,
        vectors: list[Tensor],
        exact: Tensor,
        *,
        raw_norm: Tensor | None = None,
    ) -> Tensor:
        """What `<g, v>` is multiplied with, by the scale.

        Args:
            update: The student's step.
            vectors: `v`, the labelled gradient, as `g` is multiplied with it.
            exact: The factor under `"exact"`, shape `()`.
            raw_norm: Norm of the labelled gradient itself, shape `()`, where
                `vectors` are what a clip makes of it; theirs if `None`.

        Returns:
            That, or what makes a cosine of it (App. C.3), shape `()`.
        """
        if self.scale == "exact":
            return exact
        return losses.cosine_scale(
            losses.global_norm(update.gradient),
            losses.global_norm(vectors),
            self.cosine_floor,
            self.labeled_floor or 0.0,
            raw_norm=raw_norm,
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        weight = self.weight
        if callable(weight):
            weight = keras.saving.serialize_keras_object(weight)
        return {
            "scale": self.scale,
            "centering": self.centering,
            "weight": weight,
            "cosine_floor": self.cosine_floor,
            "labeled_floor": self.labeled_floor,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Makes the object of what `get_config` returned."""
        weight = config.get("weight")
        if isinstance(weight, dict):
            weight = keras.saving.deserialize_keras_object(weight)
        return cls(**{**config, "weight": weight})


def _check_not_negative(name: str, value: Any) -> None:
    schedule = keras.optimizers.schedules.LearningRateSchedule
    is_weight = name == "weight"
    if value is None or (is_weight and isinstance(value, schedule)):
        return
    full = "feedback_weight" if is_weight else name
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        expected = "a number or a `LearningRateSchedule`"
        raise ValueError(
            f"`{full}` must be {expected if is_weight else 'a number'}. "
            f"Received: {full}={value!r}"
        )
    if not 0 <= float(value) < float("inf"):
        raise ValueError(
            f"`{full}` must be 0 or more, and finite. Received: {full}={value}"
        )
