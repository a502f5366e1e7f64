"""One network and its optimizer: from a loss to a gradient to a step."""

import contextlib
from collections.abc import Iterator
from collections.abc import Sequence
from typing import NamedTuple

import keras
import tensorflow as tf

from keras_mpl import losses
from keras_mpl import replicas
from keras_mpl.losses import AppliedGradient
from keras_mpl.trainers.engine import guard
from keras_mpl.trainers.engine.forward import added_losses
from keras_mpl.trainers.engine.forward import collecting
from keras_mpl.types import Tensor


class Learner(NamedTuple):
    """A network that an optimizer of its own moves.

    Attributes:
        network: Its trainable weights are changed in place.
        optimizer: Built for these weights.
        weight_decay: Coefficient of `w` in the gradient; the scale and offset
            of normalisation layers are left out.
        clip_norm: Largest global norm let through, or `None`.
        steps: Steps that the network has learned, for its moving statistics;
            see `forward`.
        name: What the network is called in messages.
    """

    network: keras.Model
    optimizer: keras.optimizers.Optimizer
    weight_decay: float = 0.0
    clip_norm: float | None = None
    name: str = "network"
    steps: Tensor | None = None

    @contextlib.contextmanager
    def recording(self) -> Iterator[tf.GradientTape]:
        """Opens a tape that watches the network's trainable weights alone."""
        tape = tf.GradientTape(watch_accessed_variables=False)
        with collecting(), tape:
            tape.watch([v.value for v in self.network.trainable_variables])
            yield tape

    def scaled(self, loss: Tensor) -> Tensor:
        """A loss times what keeps float16 gradients from underflow."""
        return self.optimizer.scale_loss(loss)

    def penalty(self, dtype: str) -> Tensor:
        """The network's own regularisers, scaled, this replica's part.

        Those of weights are added once over all replicas; those of activities,
        of the passes recorded so far, are means over them. Shape `()`.
        """
        total = tf.zeros([], dtype)
        for penalty in (*self.network.losses, *added_losses()):
            total += tf.cast(penalty, dtype) / replicas.count()
        return self.scaled(total)

    def pull_back(
        self,
        tape: tf.GradientTape,
        outputs: Sequence[Tensor],
        cotangents: Sequence[Tensor | None],
    ) -> list[Tensor]:
        """Pulls cotangents of outputs back to the trainable weights.

        Args:
            tape: The tape on which the outputs were computed.
            outputs: Tensors of any shapes.
            cotangents: One per output, of its shape; `None` is all ones.

        Returns:
            One dense tensor per weight, of its shape and type, this replica's
            part; zeros where no output depends on a weight.
        """
        weights = self.network.trainable_variables
        found = tape.gradient(
            list(outputs),
            [weight.value for weight in weights],
            output_gradients=[
                tf.ones_like(output) if cotangent is None else cotangent
                for output, cotangent in zip(outputs, cotangents, strict=True)
            ],
        )
        return [
            tf.zeros(weight.shape, weight.dtype)
            if gradient is None
            else tf.convert_to_tensor(gradient)
            for gradient, weight in zip(found, weights, strict=True)
        ]

    def summed(self, parts: list[Tensor]) -> list[Tensor]:
        """Undoes the loss scale and adds the replicas' parts of a gradient.

        Args:
            parts: Gradients of a `scaled` loss, this replica's.

        Returns:
            The gradient of the global loss, at least float32, on every replica.
        """
        wide = [losses.at_least_float32(part) for part in parts]
        if self._has_scale:
            scale = self.loss_scale()
            wide = [part / tf.cast(scale, part.dtype) for part in wide]
        return replicas.add(wide)

    def loss_scale(self) -> Tensor:
        """What `scaled` multiplies with, float32, shape `()`."""
        return tf.cast(self.scaled(tf.ones([])), "float32")

    def learning_rate(self) -> Tensor:
        """The learning rate as it is now, shape `()`."""
        return tf.identity(self.optimizer.learning_rate)

    def step_size(self, norm: Tensor) -> Tensor:
        """How far the next step goes along its gradient: `s` in `S' = S - s u`.

        To be read BEFORE the step, which moves the schedule on. The learning
        rate for SGD with or without momentum; `lr (1 + momentum)` for Keras'
        Nesterov. Only the sign has a meaning for other optimizers.

        Args:
            norm: Global norm of what the optimizer is about to be given.

        Returns:
            Scalar, shape `()`; 0 during wait steps, and where a gradient that
            is not finite will make loss scaling skip the step.
        """
        inner = getattr(self.optimizer, "inner_optimizer", self.optimizer)
        size = tf.cast(inner.learning_rate, norm.dtype)
        if getattr(inner, "nesterov", False) and hasattr(inner, "momentum"):
            size *= 1.0 + inner.momentum
        return tf.where(tf.math.is_finite(norm), size, tf.zeros_like(size))

    def step(self, gradient: list[Tensor]) -> AppliedGradient:
        """Adds L2, clips by the global norm and lets the optimizer step.

        Keras' `apply_gradients` sums over replicas once more, so it is given
        the all-reduced gradient divided by their number.

        Args:
            gradient: Of the global loss, one tensor per weight.

        Returns:
            What the optimizer was given.
        """
        weights = self.network.trainable_variables
        spared = _of_normalisation(self.network)
        regularised = [
            g if id(weight) in spared else self._with_l2(g, weight)
            for g, weight in zip(gradient, weights, strict=True)
        ]
        squares = self.watch("gradient", regularised)
        norm = tf.sqrt(tf.reduce_sum(squares))
        factor = losses.clip_factor(norm, self.clip_norm)
        given = self._shares(regularised, factor)
        before = self._updates()
        self.optimizer.apply_gradients(list(zip(given, weights, strict=True)))
        moved = self._has_moved(before)
        return AppliedGradient(regularised, norm, factor, self.clip_norm, moved)

    def _shares(self, gradient: list[Tensor], factor: Tensor) -> list[Tensor]:
        """What `apply_gradients`, which sums over replicas, is given."""
        is_one = self.clip_norm is None and replicas.count() == 1
        if is_one and not self._has_scale:
            return gradient
        share = factor * tf.cast(self.loss_scale(), factor.dtype)
        share /= replicas.count()
        return [part * tf.cast(share, part.dtype) for part in gradient]

    @property
    def scales_gradients(self) -> bool:
        """Whether float16 gradients are scaled, and may overflow."""
        return hasattr(self.optimizer, "inner_optimizer")

    @property
    def _has_scale(self) -> bool:
        """Whether `scaled` multiplies, and the optimizer divides."""
        factor = getattr(self.optimizer, "loss_scale_factor", None)
        return self.scales_gradients or factor is not None

    @property
    def accumulation_steps(self) -> int:
        """Steps of which the optimizer makes one."""
        inner = getattr(self.optimizer, "inner_optimizer", self.optimizer)
        return getattr(inner, "gradient_accumulation_steps", None) or 1

    def _updates(self) -> Tensor:
        """How often the weights have moved, shape `()`."""
        return tf.identity(tf.convert_to_tensor(self.optimizer.iterations))

    def _has_moved(self, before: Tensor) -> Tensor | None:
        """Whether the weights moved, shape `()`; `None` if they always do."""
        if self.accumulation_steps == 1 and not self.scales_gradients:
            return None
        return self._updates() > before

    def watch(self, name: str, gradient: list[Tensor]) -> Tensor:
        """Says that a gradient must be finite, weight by weight.

        Loss scaling halves its scale where float16 gradients overflow; once
        it is below 1, the scale is not to blame.

        Args:
            name: What gradient it is.
            gradient: Of the global loss, one tensor per weight.

        Returns:
            The squared norm of each tensor, shape `(len(gradient),)`.
        """
        squares = losses.squared_norms(gradient)
        trusted = self.scales_gradients and self.loss_scale() >= 1.0
        weights = self.network.trainable_variables
        guard.watch_all(
            [f"the {name} of the {self.name}'s {w.path}" for w in weights],
            squares,
            trusted=trusted,
        )
        return squares

    def _with_l2(self, gradient: Tensor, weight: keras.Variable) -> Tensor:
        if not self.weight_decay:
            return gradient
        decay = tf.cast(self.weight_decay, gradient.dtype)
        return gradient + decay * tf.cast(weight.value, gradient.dtype)


def _of_normalisation(network: keras.Model) -> set[int]:
    """Identities of the scales and offsets of normalisation layers."""
    root_mean_square = [
        weight
        for layer in network._flatten_layers()
        if isinstance(layer, keras.layers.RMSNormalization)
        for weight in layer.weights
    ]
    named = [w for w in network.weights if w.name in ("gamma", "beta")]
    return {id(weight) for weight in (*root_mean_square, *named)}
