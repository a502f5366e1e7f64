"""A network's pass over a batch and its gradient: whole, or in microbatches.

A pass is made first and differentiated later, once the loss is known: so the
teacher labels, the student learns, and only then does the teacher's loss
exist. A whole pass keeps its tape. A pass in microbatches keeps nothing but
logits and computes each slice again, so that memory does not grow with the
number of unlabelled examples; without BatchNorm and dropout both are the same.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple
from typing import Protocol
from typing import TypeAlias
from typing import cast

import tensorflow as tf

from keras_mpl import replicas
from keras_mpl import seeds
from keras_mpl.trainers.checks.networks import loss_dtype
from keras_mpl.trainers.checks.networks import output_width
from keras_mpl.trainers.engine.forward import forward
from keras_mpl.trainers.engine.forward import joined
from keras_mpl.trainers.engine.forward import row_counts
from keras_mpl.trainers.engine.learner import Learner
from keras_mpl.trainers.engine.slices import Slices
from keras_mpl.types import Inputs
from keras_mpl.types import Tensor

Scalars: TypeAlias = dict[str, Tensor]
Rows: TypeAlias = Mapping[str, Tensor]


class Views(NamedTuple):
    """What a network sees in one pass.

    Attributes:
        labeled: Labelled inputs, or `None`.
        unlabeled: One or more views of the unlabelled examples, row by row of
            the same ones.
    """

    labeled: Inputs | None
    unlabeled: tuple[Inputs, ...]


class Loss(Protocol):
    """A loss that is a weighted sum of means of per-example values.

    Attributes:
        summed: Names of the values that are summed over the examples.
        names: Names of the values of unlabelled examples.
    """

    @property
    def summed(self) -> Sequence[str]: ...  # noqa: D102

    @property
    def names(self) -> Sequence[str]: ...  # noqa: D102

    def labeled(self, logits: Tensor) -> Scalars:
        """Values of each labelled example, by name, shape `(rows,)`."""

    def unlabeled(self, logits: Sequence[Tensor], rows: Rows) -> Scalars:
        """Values of each unlabelled example, from its views and constants."""

    def total(self, parts: Scalars) -> Tensor:
        """The loss, from the means that are there, shape `()`."""


class Batching(NamedTuple):
    """How many unlabelled examples a network looks at at once.

    Attributes:
        microbatch_size: That number on each replica; `None` for all.
    """

    microbatch_size: int | None = None

    def record(
        self, learner: Learner, views: Views, key: Tensor
    ) -> "WholePass | SlicedPass":
        """Lets a network see a batch, in training mode.

        Args:
            learner: Whose network.
            views: What it sees.
            key: Key of the draws, int32, shape `(2,)`.

        Returns:
            The pass, to be differentiated once.
        """
        if self.microbatch_size is None:
            return WholePass(learner, views, key)
        return SlicedPass(learner, views, key, self.microbatch_size)


class WholePass:
    """A pass over all examples together, which BatchNorm sees as one batch.

    Args:
        learner: Whose network.
        views: What it sees.
        key: Key of the draws.
        move_statistics: Whether moving statistics (BatchNorm's) follow.
    """

    def __init__(
        self,
        learner: Learner,
        views: Views,
        key: Tensor,
        *,
        move_statistics: bool = True,
    ):
        self._learner = learner
        self._has_labels = views.labeled is not None
        shown = [
            *([views.labeled] if self._has_labels else []),
            *views.unlabeled,
        ]
        self._sizes = row_counts(shown)
        inputs = joined(shown) if len(shown) > 1 else shown[0]
        with learner.recording() as self._tape:
            self._logits = forward(
                learner.network, inputs, key, move_statistics=move_statistics
            )
            self._penalty = learner.penalty(self._logits.dtype.name)

    def logits(self, view: int) -> Tensor:
        """Logits of an unlabelled view, shape `(rows, num_classes)`.

        Args:
            view: Its number among them: 0 is the first one, -1 the last one.
        """
        views = tf.split(self._logits, self._sizes)
        return views[view + self._has_labels if view >= 0 else view]

    def differentiate(
        self,
        loss: Loss,
        rows: Rows,
        *,
        examples: Tensor | None = None,
        has_penalty: bool = True,
    ) -> tuple[Scalars, list[Tensor]]:
        """Computes a loss of this pass and its gradient.

        Args:
            loss: Of the logits.
            rows: Constants of each unlabelled example.
            examples: Unlabelled examples of the global batch; `None` if these
                are all.
            has_penalty: Whether the network's regularisers count.

        Returns:
            The loss' parts, and its scaled gradient, one tensor per weight;
            this replica's part of both.
        """
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(self._logits)
            views = tf.split(self._logits, self._sizes)
            parts: Scalars = {}
            if self._has_labels:
                parts |= means(loss, loss.labeled(views.pop(0)))
            if views:
                parts |= means(loss, loss.unlabeled(views, rows), examples)
            total = self._learner.scaled(loss.total(parts))
        cotangent = tape.gradient(
            total,
            self._logits,
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        outputs, cotangents = [self._logits], [cotangent]
        if has_penalty:
            outputs, cotangents = [*outputs, self._penalty], [cotangent, None]
        return parts, self._learner.pull_back(self._tape, outputs, cotangents)


class SlicedPass:
    """A pass over a few unlabelled examples at a time, computed twice.

    The labelled ones are a slice of their own, the first.

    Args:
        learner: Whose network.
        views: What it sees.
        key: Key of the draws; each slice has its own.
        size: Unlabelled examples of a slice.
    """

    def __init__(self, learner: Learner, views: Views, key: Tensor, size: int):
        self._learner = learner
        self._views = views
        self._key = key
        self.slices = Slices(views.unlabeled, size)
        self._dtype = loss_dtype(learner.network)

    def _slice(self, index: Tensor, *, move_statistics: bool) -> WholePass:
        return WholePass(
            self._learner,
            Views(None, tuple(self.slices[index])),
            self.key_of(index),
            move_statistics=move_statistics,
        )

    def key_of(self, index: Tensor) -> Tensor:
        """Key of the draws of a slice; both passes over it have the same."""
        return seeds.fold(self._key, 1 + index)

    def logits(self, view: int) -> Tensor:
        """Logits of an unlabelled view; see `WholePass`."""
        classes = output_width(self._learner.network)
        return self.slices.collect(
            lambda i: self._slice(i, move_statistics=False).logits(view),
            tf.zeros((self.slices.rows, classes), self._dtype),
        )

    def differentiate(
        self,
        loss: Loss,
        rows: Rows,
        *,
        has_penalty: bool = True,
    ) -> tuple[Scalars, list[Tensor]]:
        """Computes a loss of this pass and its gradient, slice by slice.

        Args:
            loss: Of the logits.
            rows: Constants of each unlabelled example.
            has_penalty: Whether the network's regularisers count.

        Returns:
            As of a `WholePass`.
        """
        parts, start = self._of_labels(loss, has_penalty)
        size = self.slices.rows // self.slices.number
        cut = Slices(dict(rows), size)
        examples = self.examples()

        def part(index: Tensor) -> tuple[Scalars, list[Tensor]]:
            again = self._slice(index, move_statistics=True)
            return again.differentiate(
                loss,
                cast("Rows", cut[index]),
                examples=examples,
                has_penalty=False,
            )

        zeros = dict.fromkeys(loss.names, tf.zeros([], self._dtype))
        more, gradient = self.slices.add(part, (zeros, start))
        return {**parts, **more}, gradient

    def examples(self) -> Tensor:
        """Number of unlabelled examples of all replicas, shape `()`."""
        return replicas.add(tf.constant(float(self.slices.rows)))

    def _of_labels(
        self, loss: Loss, has_penalty: bool
    ) -> tuple[Scalars, list[Tensor]]:
        """The part of the labels, and of the network's regularisers."""
        if self._views.labeled is not None:
            views = Views(self._views.labeled, ())
            labeled = WholePass(self._learner, views, seeds.fold(self._key, 0))
            return labeled.differentiate(loss, {}, has_penalty=has_penalty)
        with self._learner.recording() as tape:
            penalty = self._learner.penalty(self._dtype)
        return {}, self._learner.pull_back(tape, [penalty], [None])


def means(
    loss: Loss, values: Scalars, examples: Tensor | None = None
) -> Scalars:
    """Means over the global batch, this replica's part; some are sums.

    Args:
        loss: Says which are.
        values: One value per example, by name, shape `(rows,)`.
        examples: Number to divide by; how many there are if `None`.

    Returns:
        Scalars; those of all replicas, and of all slices, add up.
    """
    return {
        name: tf.reduce_sum(value)
        if name in loss.summed
        else replicas.mean(value, examples)
        for name, value in values.items()
    }
