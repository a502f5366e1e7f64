"""Feedback of one number per batch, less its moving average (Eq. 12)."""

from typing import Any
from typing import ClassVar
from typing import Unpack

import keras
import tensorflow as tf

from keras_mpl import losses
from keras_mpl import replicas
from keras_mpl.feedback.base import AddWeight
from keras_mpl.feedback.base import Feedback
from keras_mpl.feedback.base import Scale
from keras_mpl.feedback.base import Settings
from keras_mpl.feedback.sampling import sampled_targets
from keras_mpl.feedback.update import Signal
from keras_mpl.feedback.update import StudentUpdate
from keras_mpl.replicas import Logs
from keras_mpl.types import Tensor


class ScalarFeedback(Feedback):
    """What the two scalar kinds share: samples, a baseline, and Eq. 12.

    A subclass writes `scalar`, the number `h` of a step. The teacher's loss
    is `(h - b) sum_i CE(y_i, q_i)`: the batch's labels are one compound
    action, so the examples are summed.

    Args:
        baseline_rate: How far the baseline `b` moves towards each `h`. It
            starts at the first `h` and is subtracted after its update, as in
            the released code. `None` for no baseline.
        **settings: See `Feedback`.

    Attributes:
        baseline: `b`, shape `()`, once built.
        count: Number of values that `b` has seen, shape `()`, once built.

    Raises:
        ValueError: If a setting can not be used.
    """

    is_sampled: ClassVar[bool] = True

    def __init__(
        self,
        *,
        baseline_rate: float | None = 0.01,
        **settings: Unpack[Settings],
    ):
        super().__init__(**settings)
        if baseline_rate is not None and not 0 < baseline_rate <= 1:
            raise ValueError(
                "`baseline_rate` must be in (0, 1], or None for no baseline. "
                f"Received: baseline_rate={baseline_rate}"
            )
        self.baseline_rate = baseline_rate

    def build(  # noqa: D102
        self, add_weight: AddWeight, *, dtype: str, is_alone: bool
    ) -> None:
        super().build(add_weight, dtype=dtype, is_alone=is_alone)
        shared: dict[str, Any] = {
            "shape": (),
            "initializer": "zeros",
            "trainable": False,
            "aggregation": "only_first_replica",
        }
        self.baseline = add_weight(
            name="feedback_baseline", dtype=dtype, **shared
        )
        self.count = add_weight(name="feedback_count", dtype="int64", **shared)

    def targets(self, pseudo_probs: Tensor, key: Tensor) -> Tensor:
        """What the student is shown: one sample of `q` per example."""
        return sampled_targets(pseudo_probs, key)

    def scalar(self, update: StudentUpdate) -> tuple[Tensor, Logs]:
        """The number `h` of a step, shape `()`, and what else to log.

        Raises:
            NotImplementedError: If the kind has none.
        """
        raise NotImplementedError(
            f"`{type(self).__name__}` must have a method `scalar`"
        )

    def measure(self, update: StudentUpdate) -> Signal:  # noqa: D102
        found, logs = self.scalar(update)
        stepped = (update.step_size > 0) & tf.math.is_finite(found)
        found = tf.where(stepped, found, tf.zeros_like(found))
        advantage = tf.cast(self._advantage(found, stepped), found.dtype)
        logs.shared["feedback"] = found
        return Signal(update.targets, logs, advantage=advantage)

    def _advantage(self, found: Tensor, stepped: Tensor) -> Tensor:
        """`h` less the baseline, which follows; 0 while the student waits."""
        if self.baseline_rate is None:
            return found
        old = self.baseline.value
        found = tf.cast(found, old.dtype)
        moved = tf.where(
            self.count.value == 0,
            found,
            old + self.baseline_rate * (found - old),
        )
        baseline = tf.where(stepped, moved, old)
        self.baseline.assign(baseline)
        self.count.assign_add(tf.cast(stepped, "int64"))
        return tf.where(stepped, found - baseline, tf.zeros_like(baseline))

    def meta_loss(self, signal: Signal, logits: Tensor) -> Tensor:  # noqa: D102
        advantage = tf.cast(signal.advantage, logits.dtype)
        return losses.batch_meta_loss(signal.targets, logits, advantage)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "baseline_rate": self.baseline_rate}


@keras.saving.register_keras_serializable(package="keras_mpl")
class HardBatch(ScalarFeedback):
    """The paper's Eq. 12: one scalar for the batch, `h = s f <g, v>`.

    `f` is what the clip multiplied the student's gradient with. Under the
    cosine, `h` is the cosine of `g` and `v` (App. C.3). See `ScalarFeedback`
    for the arguments.
    """

    def default_weight(self, *, is_alone: bool) -> float:  # noqa: D102
        del is_alone
        return 1.0 if self.scale == "exact" else 0.01

    def scalar(self, update: StudentUpdate) -> tuple[Tensor, Logs]:  # noqa: D102
        vectors = update.labeled_gradient(None)
        exact = update.step_size * update.applied.factor
        scale = self.factor(update, vectors, exact)
        along = losses.inner_product(update.gradient, vectors)
        norm = losses.global_norm(vectors)
        return scale * along, Logs({}, {"labeled_gradient_norm": norm})


@keras.saving.register_keras_serializable(package="keras_mpl")
class FiniteDifference(ScalarFeedback):
    """Eq. 12 with `h` as the labelled loss before the step less that after it.

    Both losses are of labelled examples alone, with one dropout mask, and no
    statistics move. The sign is that of Eq. 12; the most-used PyTorch port has
    after less before. A warm momentum adds the effect of past steps to `h`.
    Any optimizer will do, although the scale is called `"exact"`. See
    `ScalarFeedback` for the arguments.
    """

    scales: ClassVar[tuple[Scale, ...]] = ("exact",)
    compares_losses: ClassVar[bool] = True
    logged: ClassVar[tuple[str, ...]] = ("feedback",)

    def scalar(self, update: StudentUpdate) -> tuple[Tensor, Logs]:  # noqa: D102
        change = update.loss_before - update.labeled_loss(None)
        return replicas.add(change), Logs({}, {})
