"""Keras' surface for models that train on paired batches.

`compile`, `fit` and saving, as users of Keras know them; `evaluation.py` has
the rest. This file owns what Keras' trainer gets wrong for nested batches, two
optimizers and replicas; it knows no method and must not import `data`.
"""

from collections.abc import Iterator
from typing import Any
from typing import Literal
from typing import TypedDict
from typing import Unpack

import keras
import tensorflow as tf

from keras_mpl import ema
from keras_mpl.batch import Batch
from keras_mpl.trainers.checks import batches as batch_checks
from keras_mpl.trainers.checks import fit as fit_checks
from keras_mpl.trainers.checks import labels as label_checks
from keras_mpl.trainers.checks import lengths as length_checks
from keras_mpl.trainers.checks import networks as network_checks
from keras_mpl.trainers.checks import optimizers as optimizer_checks
from keras_mpl.trainers.engine import callbacks
from keras_mpl.trainers.engine import iterators
from keras_mpl.trainers.engine.distribution import shard
from keras_mpl.trainers.engine.tally import Tally
from keras_mpl.trainers.engine.tracking import TrackedModel
from keras_mpl.types import OptimizerLike
from keras_mpl.types import TensorLike


class CompileArguments(TypedDict, total=False):
    """The arguments of `compile` that are no optimizers; see `PairedModel`."""

    metrics: Any
    steps_per_execution: int
    jit_compile: bool | Literal["auto"]
    run_eagerly: bool
    max_skipped_steps: int | None


class OtherOptimizers(TypedDict, total=False):
    """The optimizers of networks beside the student."""

    teacher_optimizer: OptimizerLike


class PairedModel(TrackedModel):
    """A model of one or more networks, one optimizer each.

    Subclasses have the attributes `student`, `ema_student`, `step` and
    `num_classes`.
    """

    def compile(
        self,
        *,
        student_optimizer: OptimizerLike = "sgd",
        metrics: Any = None,
        steps_per_execution: int = 1,
        jit_compile: bool | Literal["auto"] = "auto",
        run_eagerly: bool = False,
        max_skipped_steps: int | None = 10,
        **optimizers: Unpack[OtherOptimizers],
    ) -> None:
        """Configures training; builds the optimizers and the metrics.

        Args:
            student_optimizer: A Keras optimizer, its name or its config.
            metrics: Keras metrics or their names, measured in validation on
                the average, on the student (`student_...`) and, where there
                is one, on the teacher (`teacher_...`). Those of Keras get the
                labels and probabilities, or the logits, that they expect; a
                function, and a metric of your own, get the labels as they came
                and logits.
            steps_per_execution: Steps per call from Python.
            jit_compile: Whether to use XLA; `"auto"` does on one GPU.
            run_eagerly: Whether to run without compiling, to debug.
            max_skipped_steps: A step whose losses or gradients are not finite
                changes nothing, and is counted (`skipped_steps`); after so
                many in a row `fit` ends with `trainers.DivergenceError`.
                `None` for never.
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
            "max_skipped_steps": max_skipped_steps,
        }
        optimizer_checks.max_skipped_steps(max_skipped_steps)
        optimizer_checks.steps_per_execution(steps_per_execution)
        if self.ema_student is not self.student:
            ema.freeze_alike(self.ema_student, self.student)
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
            is_list = metrics is None or isinstance(metrics, (list, tuple))
            self.make_metrics((metrics or []) if is_list else [metrics])
            self.tally = Tally(self.num_classes, max_skipped_steps)
            self._rates = callbacks.Rates()

    def _ready_optimizers(self, given: dict[str, Any]) -> dict[str, Any]:
        networks = self.trained_networks
        expected = {f"{name}_optimizer" for name in networks}
        optimizer_checks.no_others(expected, given)
        given = {name: given[name] for name in sorted(expected)}
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
            optimizer_checks.accumulates_on_replicas(
                f"{name}_optimizer", optimizer
            )
            count = self.distribute_strategy.num_replicas_in_sync
            network_checks.apart_on_replicas(name, network, count)
            optimizer_checks.no_own_clip_on_replicas(
                f"{name}_optimizer", optimizer, count
            )
            optimizer_checks.built_for(f"{name}_optimizer", optimizer, network)
            ready[f"{name}_optimizer"] = optimizer
        self._compiled_weights = {
            name: tuple(id(weight) for weight in network.trainable_variables)
            for name, network in networks.items()
        }
        return ready

    @property
    def student_optimizer(self) -> Any:
        """The student's optimizer, which Keras knows as `optimizer`."""
        return self.optimizer

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
                or an iterator of such, as `zip(labeled, unlabeled)`. With
                `(inputs, labels, sample_weight)` each labelled example counts
                as its weight says.
            y: Not used: labels come with `x`.
            steps_per_epoch: Steps per epoch; by default until the longer of
                the two sets was seen once.
            **arguments: `epochs`, `validation_data` (an ordinary
                `(inputs, labels)`), `callbacks`, `verbose` and so on. Keras'
                `LearningRateScheduler` and `ReduceLROnPlateau` move the
                student's rate, and the teacher's with it in proportion unless
                that is a schedule.

        Returns:
            The history: per epoch the mean of every logged scalar, `loss`
            (the student's), `accuracy` (on the labelled examples, of the
            network that learns from them), `skipped_steps`, and `val_...` of
            the average, the student and the teacher.

        Raises:
            ValueError: If the data, the labels or the networks' outputs are
                not what training needs; said before anything is compiled.
        """
        self._assert_compile_called("fit")
        fit_checks.arguments({**arguments, "steps_per_epoch": steps_per_epoch})
        for name, known in self._compiled_weights.items():
            network = self.trained_networks[name]
            optimizer_checks.as_compiled(name, network, known)
        head = None
        if isinstance(x, Iterator):
            fit_checks.one_pass(steps_per_epoch, arguments)
            x, head = iterators.dataset(x)
        is_source = callable(getattr(x, "batches", None))  # a `BatchSource`
        labels = getattr(x, "labels", None) if is_source else None
        if y is not None or not (is_source or isinstance(x, tf.data.Dataset)):
            x_is = "no data" if x is None else batch_checks.described(x)
            raise ValueError(
                "`fit` must be given one data set of paired batches, as "
                "`keras_mpl.data.pair` makes them. Received: "
                + (x_is if y is None else "`x` and `y`")
            )
        if is_source:
            fit_checks.labels_in_memory(labels, self.num_classes)
            steps_per_epoch = steps_per_epoch or x.steps_per_epoch
            self._restore_backup(arguments.get("callbacks"))
            step = keras.ops.convert_to_numpy(self.step)
            x = x.batches(first_step=int(step))
        self.count_labels(labels)
        first = batch_checks.first_batch(
            x if head is None else head, self.num_classes, self.networks
        )
        x, steps_per_epoch = self._dealt_out(x, steps_per_epoch)
        optimizers = {
            name: getattr(self, f"{name}_optimizer")
            for name in self.trained_networks
        }
        length_checks.check(self, optimizers, x, steps_per_epoch, arguments)
        return self._fit(x, steps_per_epoch, first, arguments)

    def count_labels(self, labels: TensorLike | None) -> None:
        """Looks at the labels that `fit` was given; a subclass may need to.

        Args:
            labels: All of them, or `None` where they are not in memory.
        """

    def _dealt_out(
        self, x: Any, steps_per_epoch: int | None
    ) -> tuple[Any, int | None]:
        """Batches as every replica sees them, and the steps of an epoch."""
        if self.distribute_strategy.num_replicas_in_sync > 1:
            if steps_per_epoch is None and (size := int(x.cardinality())) > 0:
                x, steps_per_epoch = x.repeat(), size  # lost by distribution
            x = shard(x, self.distribute_strategy)
        optimizer_checks.whole_executions(
            steps_per_epoch, self.steps_per_execution
        )
        return x, steps_per_epoch

    def _fit(
        self,
        x: Any,
        steps_per_epoch: int | None,
        first: Batch,
        arguments: dict[str, Any],
    ) -> keras.callbacks.History:
        """Trains on data that are fit for it."""
        fit_checks.validation(
            arguments.get("validation_data"), first, self.num_classes
        )
        self.tally.start()
        own = {
            "shuffle": False,  # or Keras warns
            **arguments,
            "callbacks": callbacks.prepared(
                arguments.get("callbacks"),
                is_shown=arguments.get("verbose", "auto") != 0,
                rates=self._rates,
                direction=self.direction,
            ),
        }
        with label_checks.one_line_errors():
            return super().fit(x, steps_per_epoch=steps_per_epoch, **own)

    def _restore_backup(self, callbacks: Any) -> None:
        """Restores an interrupted run now: its step decides on the batches.

        Keras' callback does it only once training begins; twice is the same.
        """
        for callback in tf.nest.flatten(
            getattr(callbacks, "callbacks", callbacks)
        ):
            if isinstance(callback, keras.callbacks.BackupAndRestore):
                callback.set_model(self)
                callback.on_train_begin()

    def _maybe_symbolic_build(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is left to build; Keras would call the model on a batch."""

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
