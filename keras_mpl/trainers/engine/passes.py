"""A network's recorded pass over a batch, which is differentiated later.

So the teacher labels, the student learns, and only then does the teacher's
loss exist.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple
from typing import Protocol
from typing import TypeAlias

import tensorflow as tf

from keras_mpl import replicas
from keras_mpl import seeds
from keras_mpl.trainers.engine.forward import added_losses
from keras_mpl.trainers.engine.forward import forward
from keras_mpl.trainers.engine.forward import joined
from keras_mpl.trainers.engine.forward import row_counts
from keras_mpl.trainers.engine.learner import Learner
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
        constant: Views of the same examples whose logits no gradient passes.
            Each passes by itself, and nothing of it is kept; among the views
            they come first.
    """

    labeled: Inputs | None
    unlabeled: tuple[Inputs, ...]
    constant: tuple[Inputs, ...] = ()


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
        self._constants = [
            forward(
                learner.network,
                view,
                seeds.fold_in(key, number),
                move_statistics=move_statistics,
                step=learner.steps,
            )
            for number, view in enumerate(views.constant)
        ]
        with learner.recording() as self._tape:
            self._logits = forward(
                learner.network,
                inputs,
                key,
                move_statistics=move_statistics,
                step=learner.steps,
            )
            self._penalty = learner.penalty(self._logits.dtype.name)
            self.adds_losses = bool(added_losses())

    def logits(self, view: int) -> Tensor:
        """Logits of an unlabelled view, shape `(rows, num_classes)`.

        Args:
            view: Its number among them: 0 is the first one, -1 the last one.
        """
        views = tf.split(self._logits, self._sizes)[self._has_labels :]
        return [*self._constants, *views][view]

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
                views = [*self._constants, *views]
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
