"""A model held still, so that gradients and differences can be measured."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_mpl import seeds
from keras_mpl.batch import BatchLike
from keras_mpl.feedback import Feedback
from keras_mpl.feedback import Signal
from keras_mpl.trainers.checks import batches as batch_checks
from keras_mpl.trainers.checks import optimizers as optimizer_checks
from keras_mpl.trainers.engine.passes import Scalars
from keras_mpl.trainers.mpl import MetaPseudoLabels
from keras_mpl.trainers.mpl.teacher import tempered
from keras_mpl.trainers.verification import formulas
from keras_mpl.types import Tensor


class Bench:
    """A model held still: every measurement starts from one saved state.

    Args:
        model: A compiled `MetaPseudoLabels`.
        batch: A `Batch`, or `((inputs, labels), (weak, strong))`.
    """

    def __init__(self, model: MetaPseudoLabels, batch: BatchLike):
        self.model = model
        spec = batch_checks.as_batch(batch)
        spec = tf.nest.map_structure(tf.convert_to_tensor, spec)
        batch_checks.batch_spec(spec, model.num_classes)
        self.batch = model.read_batch(spec)
        self.teacher = model.teacher.trainable_variables
        optimizers = (
            model.optimizer.variables,
            model.teacher_optimizer.variables,
        )
        self._variables = [*model.weights, *optimizers[0], *optimizers[1]]
        self._values = [tf.identity(v.value) for v in self._variables]
        self.start = flat([v.value for v in self.teacher]).numpy()
        self._weights = self._pseudo_label_weights()
        self.objective = tf.function(self._objective)
        self.is_linear = optimizer_checks.not_linear(model.optimizer) is None

    def restore(self) -> None:
        """Puts every weight and slot back."""
        for variable, value in zip(self._variables, self._values, strict=True):
            variable.assign(value)

    def _pseudo_label_weights(self) -> Tensor | None:
        """What each pseudo label counts, by the teacher as it is.

        Eq. 3 is differentiated at these: nothing goes back through them.
        """
        teacher_pass = self.model.teacher_pass(self.batch)
        probs = tf.nn.softmax(self.model.pseudo_logits(teacher_pass))
        weights = self.model.pseudo_label_weights(probs)
        self.restore()
        return weights

    def _objective(self, vector: Tensor) -> Tensor:
        """Eq. 3 at other weights of the teacher, shape `()`."""
        model = self.model
        at = 0
        for variable in self.teacher:
            size = int(np.prod(variable.shape))
            part = tf.reshape(vector[at : at + size], variable.shape)
            variable.assign(tf.cast(part, variable.dtype))
            at += size
        teacher_pass = model.teacher_pass(self.batch)
        targets = tf.nn.softmax(model.pseudo_logits(teacher_pass))
        update = model.update_student(
            self.batch, targets, self._weights, compares_losses=False
        )
        loss = update.labeled_loss(None)
        self.restore()
        return loss

    def gradient(
        self, formula: formulas.Formula
    ) -> Callable[[int], np.ndarray]:
        """Compiles a formula: from a draw's number to the meta gradient."""
        model, feedback = self.model, formula.feedback

        @tf.function
        def found(number: Tensor) -> Tensor:
            key = seeds.fold_in(seeds.key(0), number)
            teacher_pass = model.teacher_pass(self.batch)
            temperature = model.pseudo_label_temperature
            logits = tempered(teacher_pass.logits(formula.view), temperature)
            update = model.update_student(
                self.batch,
                feedback.targets(tf.nn.softmax(logits), key),
                self._weights,
                compares_losses=feedback.compares_losses,
            )
            signal = feedback.measure(update)
            loss = MetaLoss(feedback, signal, temperature)
            _, parts = teacher_pass.differentiate(
                loss, signal.per_example(), has_penalty=False
            )
            gradient = flat(model.learner("teacher").summed(parts))
            self.restore()
            return gradient

        return lambda number: found(tf.constant(number)).numpy()


class MetaLoss(NamedTuple):
    """The meta loss of a feedback and nothing else; a `batching.Loss`."""

    feedback: Feedback
    signal: Signal
    temperature: float
    summed: Sequence[str] = ("meta_loss",)
    names: Sequence[str] = ("meta_loss",)

    def labeled(self, logits: Tensor) -> Scalars:
        """Labels are not in it."""
        del logits
        return {}

    def unlabeled(  # noqa: D102
        self, logits: Sequence[Tensor], rows: Mapping[str, Tensor]
    ) -> Scalars:
        signal = self.signal._replace(**rows)
        strong = tempered(logits[-1], self.temperature)
        return {"meta_loss": self.feedback.meta_loss(signal, strong)}

    def total(self, parts: Scalars) -> Tensor:  # noqa: D102
        absent = tf.zeros([])  # a pass over labels alone has no part of it
        return parts.get("meta_loss", absent)


def flat(tensors: list[Tensor]) -> Tensor:
    """Joins tensors of any shapes to one float64 vector."""
    rows = [tf.reshape(tf.cast(t, "float64"), [-1]) for t in tensors]
    return tf.concat(rows, axis=0)
