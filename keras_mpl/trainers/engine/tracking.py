"""What a training records of its steps, under names that Keras' users know."""

from typing import Any

import keras
import tensorflow as tf

from keras_mpl import replicas
from keras_mpl.trainers.engine.callbacks import Direction
from keras_mpl.trainers.engine.evaluation import EvaluatedModel
from keras_mpl.trainers.engine.metrics import direction
from keras_mpl.types import Tensor


class TrackedModel(EvaluatedModel):
    """A model whose steps record scalars.

    Subclasses have the attributes of an `EvaluatedModel`, and `step`.
    """

    step: Any

    @property
    def trained_networks(self) -> dict[str, keras.Model]:
        """Those of `networks` that an optimizer of their own moves."""
        return self.networks

    @property
    def logged(self) -> tuple[str, ...]:
        """Names of the scalars that `train_step` records."""
        return ()

    def make_metrics(self, given: list[Any]) -> None:
        """Makes the metrics of training, and those that the user gave."""
        self._trackers = {
            n: keras.metrics.Mean(f"epoch_{n}") for n in self.logged
        }
        self.make_network_metrics(given)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """All metrics, which Keras resets at the start of an epoch."""
        if not self.compiled:
            return []
        trackers = list(self._trackers.values())
        return [*self.network_metrics, *trackers, self.tally.skipped]

    def changed_by_a_step(self) -> list[keras.Variable]:
        """Variables that have to be put back after a step that is skipped.

        All but the step's number, which goes on as data and draws do, and the
        student's average, which moves after the verdict.
        """
        optimizers = [
            getattr(self, f"{name}_optimizer") for name in self.trained_networks
        ]
        held = [*self.weights]
        for owner in (*optimizers, *self._trackers.values()):
            held += owner.variables
        by_id = {id(one): one for one in held if one is not self.step}
        if self.ema_student is not self.student:
            for one in self.ema_student.weights:
                by_id.pop(id(one), None)
        return list(by_id.values())

    def training_logs(self, good: Tensor | None = None) -> dict[str, Tensor]:
        """The means so far this epoch, also under the names of Keras.

        Args:
            good: In a step, whether it counts; `None` between steps.

        Returns:
            `logged`, and `loss` (the student's), `accuracy` (on the labelled
            examples, of the network that learns from them) where they are
            known, and `skipped_steps`. `loss` is NaN in a step that does not
            count, and in an epoch without one that does.
        """
        logs = {n: t.result() for n, t in self._trackers.items()}
        skipped = self.tally.skipped.result()
        if good is None:
            counts = [
                tracker.count.value for tracker in self._trackers.values()
            ]
            good = tf.reduce_all(tf.stack(counts) > 0)
        else:
            skipped = skipped * replicas.count() + tf.cast(~good, "float32")
        if "student_loss" in logs:
            nan = tf.constant(float("nan"), logs["student_loss"].dtype)
            logs["loss"] = tf.where(good, logs["student_loss"], nan)
        for name in ("student_accuracy", "teacher_accuracy"):
            if name in logs:
                logs.setdefault("accuracy", logs[name])
        return {**logs, "skipped_steps": skipped}

    def direction(self, monitored: str) -> Direction | None:
        """Where a figure of the logs is better."""
        name = monitored.removeprefix("val_")
        trained = [*self._trackers.values()]
        known = {m.name.removeprefix("epoch_"): m for m in trained}
        known |= {m.name: m for m in self.network_metrics}
        if name in ("loss", "accuracy") and name not in known:
            return "min" if name == "loss" else "max"
        return direction(known[name]) if name in known else None

    def _get_metrics_result_or_logs(self, logs: dict[str, Any]) -> Any:
        """Reads what an epoch, or validation, measured on all replicas.

        Keras averages the replicas' own results, which is wrong where their
        shares of the last batch differ in size, and takes an epoch's means
        from its last step, which may have been skipped.
        """
        if "skipped_steps" in logs:
            return self.training_logs()
        validated = {m.name: m for m in self.network_metrics}
        return {name: validated[name].result() for name in logs}

    def summary(self, *args: Any, **arguments: Any) -> None:
        """Prints Keras' summary, with the networks called by their roles.

        Two networks of one architecture often have one name. Weights that no
        optimizer moves, as those of the average, do not count as trainable.
        """
        roles = {"ema_student": self.ema_student, **self.networks}
        names = {id(net): net.name for net in roles.values()}
        for role, network in roles.items():
            network.name = role
        learning = self.trained_networks.values()
        moved = {id(w) for net in learning for w in net.trainable_variables}
        still = [w for w in self.trainable_variables if id(w) not in moved]
        for weight in still:
            weight.trainable = False
        try:
            super().summary(*args, **arguments)
        finally:
            for weight in still:
                weight.trainable = True
            for network in roles.values():
                network.name = names[id(network)]
