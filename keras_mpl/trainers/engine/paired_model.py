"""Keras' surface for models that train on paired batches.

`compile`, `fit`, `evaluate`, `predict` and saving, as users of Keras know
them. This file owns what Keras' trainer gets wrong for nested batches, two
optimizers and replicas; it knows no method and must not import `data`.
"""

from collections.abc import Iterator
from typing import Any
from typing import Literal
from typing import TypedDict
from typing import Unpack

import keras
import tensorflow as tf

from keras_mpl import losses
from keras_mpl.trainers.checks import batches as batch_checks
from keras_mpl.trainers.checks import fit as fit_checks
from keras_mpl.trainers.checks import networks as network_checks
from keras_mpl.trainers.checks import optimizers as optimizer_checks
from keras_mpl.trainers.engine import iterators
from keras_mpl.trainers.engine.distribution import shard
from keras_mpl.trainers.engine.loop import ReplicatedModel
from keras_mpl.trainers.engine.metrics import of_network
from keras_mpl.types import OptimizerLike
from keras_mpl.types import Tensor


class CompileArguments(TypedDict, total=False):
    """The arguments of `compile` that are no optimizers; see `PairedModel`."""

    metrics: Any
    steps_per_execution: int
    jit_compile: bool | Literal["auto"]
    run_eagerly: bool


class OtherOptimizers(TypedDict, total=False):
    """The optimizers of networks beside the student."""

    teacher_optimizer: OptimizerLike


class PairedModel(ReplicatedModel):
    """A model of one or more networks, one optimizer each.

    Subclasses have the attributes `student`, `ema_student`, `step` and
    `num_classes`.
    """

    student: keras.Model
    ema_student: keras.Model
    step: Any
    num_classes: int

    @property
    def networks(self) -> dict[str, keras.Model]:
        """All networks but the average, by the names of their arguments."""
        return {"student": self.student}

    @property
    def trained_networks(self) -> dict[str, keras.Model]:
        """Those of `networks` that an optimizer of their own moves."""
        return self.networks

    @property
    def logged(self) -> tuple[str, ...]:
        """Names of the scalars that `train_step` records."""
        return ()

    def compile(
        self,
        *,
        student_optimizer: OptimizerLike = "sgd",
        metrics: Any = None,
        steps_per_execution: int = 1,
        jit_compile: bool | Literal["auto"] = "auto",
        run_eagerly: bool = False,
        **optimizers: Unpack[OtherOptimizers],
    ) -> None:
        """Configures training; builds the optimizers and the metrics.

        Args:
            student_optimizer: A Keras optimizer, its name or its config.
            metrics: Keras metrics or their names, measured in validation on
                labels and logits: on the average, on the student
                (`student_...`) and, where there is one, on the teacher
                (`teacher_...`).
            steps_per_execution: Steps per call from Python.
            jit_compile: Whether to use XLA; `"auto"` does on one GPU.
            run_eagerly: Whether to run without compiling, to debug.
            **optimizers: `teacher_optimizer`, where there is a teacher.

        Raises:
            ValueError: If an optimizer can not serve.
        """
        given = {"student_optimizer": student_optimizer, **optimizers}
        self._compile_arguments = {
            **given,
            "metrics": metrics,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
            "run_eagerly": run_eagerly,
        }
        optimizer_checks.steps_per_execution(steps_per_execution)
        with self.distribute_strategy.scope():
            ready = self._ready_optimizers(given)
            super().compile(
                optimizer=ready.pop("student_optimizer"),
                steps_per_execution=steps_per_execution,
                jit_compile=jit_compile,
                run_eagerly=run_eagerly,
                auto_scale_loss=False,
            )
            for name, optimizer in ready.items():
                setattr(self, name, optimizer)
            listed = [metrics] if isinstance(metrics, str) else metrics
            self._make_metrics(listed or [])

    def _ready_optimizers(self, given: dict[str, Any]) -> dict[str, Any]:
        networks = self.trained_networks
        expected = {f"{name}_optimizer" for name in networks}
        if set(given) != expected:
            raise ValueError(
                f"`compile` must be given {sorted(expected)}. "
                f"Received: {sorted(given)}"
            )
        ready = {n: optimizer_checks.optimizer(n, o) for n, o in given.items()}
        if len({id(optimizer) for optimizer in ready.values()}) < len(ready):
            raise ValueError(
                "`teacher_optimizer` and `student_optimizer` must be two "
                "optimizers. Received: one object for both"
            )
        for name, network in networks.items():
            optimizer = ready[f"{name}_optimizer"]
            scales = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
            if network_checks.needs_loss_scale(network) and not scales:
                optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
            optimizer_checks.built_for(f"{name}_optimizer", optimizer, network)
            ready[f"{name}_optimizer"] = optimizer
        return ready

    @property
    def student_optimizer(self) -> Any:
        """The student's optimizer, which Keras knows as `optimizer`."""
        return self.optimizer

    def _make_metrics(self, given: list[Any]) -> None:
        self._trackers = {
            n: keras.metrics.Mean(f"epoch_{n}") for n in self.logged
        }
        self._loss_metric = keras.metrics.Mean(name="loss")
        self._network_metrics = {
            prefix: [of_network(metric, prefix) for metric in given]
            for prefix in self._evaluated()
        }

    def _evaluated(self) -> dict[str, keras.Model]:
        others = {f"{name}_": net for name, net in self.networks.items()}
        return {"": self.ema_student, **others}

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """All metrics, which Keras resets at the start of an epoch."""
        if not self.compiled:
            return []
        of_networks = [m for ms in self._network_metrics.values() for m in ms]
        trackers = list(self._trackers.values())
        return [self._loss_metric, *of_networks, *trackers]

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        *,
        steps_per_epoch: int | None = None,
        **arguments: Any,
    ) -> keras.callbacks.History:
        """Trains on paired batches; all else is as in `keras.Model.fit`.

        Args:
            x: What `keras_mpl.data.pair` returns, or a `tf.data.Dataset` of
                `Batch` or of `((inputs, labels), (weak, strong))`, batched,
                or an iterator of such, as `zip(labeled, unlabeled)`.
            y: Not used: labels come with `x`.
            steps_per_epoch: Steps per epoch; by default until the longer of
                the two sets was seen once.
            **arguments: `epochs`, `validation_data` (an ordinary
                `(inputs, labels)`), `callbacks`, `verbose` and so on.

        Returns:
            The history: per epoch the mean of every logged scalar, and
            `val_...` of the average, the student and the teacher.

        Raises:
            ValueError: If the data, the labels or the networks' outputs are
                not what training needs; said before anything is compiled.
        """
        self._assert_compile_called("fit")
        fit_checks.arguments(arguments)
        head = None
        if isinstance(x, Iterator):
            fit_checks.one_pass(steps_per_epoch, arguments)
            x, head = iterators.dataset(x)
        is_source = callable(getattr(x, "batches", None))  # a `BatchSource`
        if y is not None or not (is_source or isinstance(x, tf.data.Dataset)):
            x_is = "no data" if x is None else batch_checks.described(x)
            raise ValueError(
                "`fit` must be given one data set of paired batches, as "
                "`keras_mpl.data.pair` makes them. Received: "
                + (x_is if y is None else "`x` and `y`")
            )
        if is_source:
            steps_per_epoch = steps_per_epoch or x.steps_per_epoch
            self._restore_backup(arguments.get("callbacks"))
            step = keras.ops.convert_to_numpy(self.step)
            x = x.batches(first_step=int(step))
        batch_checks.first_batch(
            x if head is None else head, self.num_classes, self.networks
        )
        fit_checks.validation(
            arguments.get("validation_data"), x.element_spec, self.num_classes
        )
        if self.distribute_strategy.num_replicas_in_sync > 1:
            if steps_per_epoch is None and (size := int(x.cardinality())) > 0:
                x, steps_per_epoch = x.repeat(), size  # lost by distribution
            x = shard(x, self.distribute_strategy)
        optimizer_checks.whole_executions(
            steps_per_epoch, self.steps_per_execution
        )
        arguments = {"shuffle": False, **arguments}  # or Keras warns
        with batch_checks.one_line_errors():
            return super().fit(x, steps_per_epoch=steps_per_epoch, **arguments)

    def _restore_backup(self, callbacks: Any) -> None:
        """Restores an interrupted run now: its step decides on the batches.

        Keras' callback does it only once training begins; twice is the same.
        """
        listed = callbacks if isinstance(callbacks, list) else [callbacks]
        for callback in listed:
            if isinstance(callback, keras.callbacks.BackupAndRestore):
                callback.set_model(self)
                callback.on_train_begin()

    def evaluate(self, *args: Any, **arguments: Any) -> Any:
        """Measures every network on `(inputs, labels)`, as Keras does.

        Raises:
            ValueError: If labels are missing or out of range.
        """
        with batch_checks.one_line_errors():
            return super().evaluate(*args, **arguments)

    def _maybe_symbolic_build(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is left to build; Keras would call the model on a batch."""

    def test_step(self, data: Any) -> dict[str, Tensor]:
        """Measures every network on one batch of `(inputs, labels)`."""
        inputs, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        if labels is None:
            raise ValueError(
                "Validation data must be (inputs, labels). "
                f"Received: {batch_checks.described(data)}"
            )
        if not self.is_compiled_by_xla:
            batch_checks.assert_label_range(labels, self.num_classes)
        for prefix, network in self._evaluated().items():
            logits = losses.at_least_float32(network(inputs, training=False))
            for metric in self._network_metrics[prefix]:
                metric.update_state(labels, logits, sample_weight=weights)
            if not prefix:
                probs = losses.class_probs(
                    labels, self.num_classes, logits.dtype.name
                )
                loss = losses.cross_entropy(probs, logits)
                self._loss_metric.update_state(loss, sample_weight=weights)
        measured = [m for ms in self._network_metrics.values() for m in ms]
        return {m.name: m.result() for m in [self._loss_metric, *measured]}

    def _get_metrics_result_or_logs(self, logs: dict[str, Any]) -> Any:
        """Reads what validation measured over all replicas together.

        Keras averages the replicas' own results, which is wrong where their
        shares of the last batch differ in size.
        """
        if set(logs) == set(self.logged):
            return logs
        validated = {m.name: m for m in self.metrics}
        return {name: validated[name].result() for name in logs}

    def predict_step(self, data: Any) -> Tensor:
        """Returns the average's logits, shape `(batch, num_classes)`."""
        inputs, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return self.ema_student(inputs, training=False)

    def call(self, inputs: Any, training: bool = False) -> Tensor:  # noqa: D102
        return self.ema_student(inputs, training=training)

    def get_compile_config(self) -> dict[str, Any]:
        """Returns what `compile` was given, serialised."""
        if not self.compiled:
            return {}
        return keras.saving.serialize_keras_object(self._compile_arguments)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles as saved; the optimizers' state is loaded after."""
        self.compile(**deserialized(config))


def deserialized(value: Any) -> Any:
    """Makes an object of its config; leaves plain values alone."""
    if isinstance(value, dict):
        return keras.saving.deserialize_keras_object(value)
    return value
