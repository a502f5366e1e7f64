"""All unlabelled examples at once, or a few at a time: microbatches.

A whole pass keeps its tape. A pass in microbatches keeps nothing but logits and
computes each slice again, so that memory does not grow with the number of
unlabelled examples; without BatchNorm and dropout both are the same.
"""

from typing import NamedTuple
from typing import cast

import tensorflow as tf

from keras_mpl import replicas
from keras_mpl import seeds
from keras_mpl.trainers.checks.networks import loss_dtype
from keras_mpl.trainers.checks.networks import output_width
from keras_mpl.trainers.engine.learner import Learner
from keras_mpl.trainers.engine.passes import Loss
from keras_mpl.trainers.engine.passes import Rows
from keras_mpl.trainers.engine.passes import Scalars
from keras_mpl.trainers.engine.passes import Views
from keras_mpl.trainers.engine.passes import WholePass
from keras_mpl.trainers.engine.slices import Slices
from keras_mpl.types import Tensor


class Batching(NamedTuple):
    """How many unlabelled examples pass through a network at once.

    Attributes:
        microbatch_size: That number on each replica; `None` for all.
    """

    microbatch_size: int | None = None

    def record(
        self,
        learner: Learner,
        views: Views,
        key: Tensor,
        *,
        move_statistics: bool = True,
    ) -> "WholePass | SlicedPass":
        """Lets a network see a batch, in training mode.

        Args:
            learner: Whose network.
            views: What it sees.
            key: Key of the draws, int32, shape `(2,)`.
            move_statistics: Whether moving statistics (BatchNorm's) follow.

        Returns:
            The pass, to be differentiated once.
        """
        if self.microbatch_size is None:
            return WholePass(
                learner, views, key, move_statistics=move_statistics
            )
        return SlicedPass(
            learner,
            views,
            key,
            self.microbatch_size,
            move_statistics=move_statistics,
        )


class SlicedPass:
    """A pass over a few unlabelled examples at a time, computed twice.

    The labelled ones are a slice of their own, the first.

    Args:
        learner: Whose network.
        views: What it sees.
        key: Key of the draws; each slice has its own.
        size: Unlabelled examples of a slice.
        move_statistics: Whether moving statistics (BatchNorm's) follow.
    """

    def __init__(
        self,
        learner: Learner,
        views: Views,
        key: Tensor,
        size: int,
        *,
        move_statistics: bool = True,
    ):
        self._learner = learner
        self._moves = move_statistics
        self._views = views
        self._key = key
        self.slices = Slices((*views.constant, *views.unlabeled), size)
        self._dtype = loss_dtype(learner.network)

    def _slice(self, index: Tensor, *, move_statistics: bool) -> WholePass:
        views = tuple(self.slices[index])
        constants = len(self._views.constant)
        found = WholePass(
            self._learner,
            Views(None, views[constants:], views[:constants]),
            self.key_of(index),
            move_statistics=move_statistics,
        )
        if found.adds_losses:
            raise ValueError(
                f"`{self._learner.name}` must have no layer that calls "
                "`add_loss` where `microbatch_size` is set: what it adds for a "
                "slice would not count. "
                f"Received: one in {self._learner.network.name!r}"
            )
        return found

    def key_of(self, index: Tensor) -> Tensor:
        """Key of the draws of a slice; both passes over it have the same."""
        return seeds.fold_in(self._key, 1 + index)

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
            again = self._slice(index, move_statistics=self._moves)
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
            labeled = WholePass(
                self._learner, views, seeds.fold_in(self._key, 0)
            )
            return labeled.differentiate(loss, {}, has_penalty=has_penalty)
        with self._learner.recording() as tape:
            penalty = self._learner.penalty(self._dtype)
        return {}, self._learner.pull_back(tape, [penalty], [None])
