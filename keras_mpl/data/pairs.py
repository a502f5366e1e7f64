"""Pairs a labelled with an unlabelled set, and makes batches of both.

The question answered here: what is batch `t`? Must not import trainers; the
contract it serves is `batch.BatchSource`.
"""

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from keras_mpl import seeds as seeds_lib
from keras_mpl.batch import Batch
from keras_mpl.batch import weighted
from keras_mpl.data import checks
from keras_mpl.data import scales
from keras_mpl.data.labeled import labeled_source
from keras_mpl.data.sources import ArraySource
from keras_mpl.data.sources import Examples
from keras_mpl.data.sources import Source
from keras_mpl.data.sources import pipeline_options
from keras_mpl.data.sources import source
from keras_mpl.data.views import StrongFrom
from keras_mpl.data.views import View
from keras_mpl.data.views import Views
from keras_mpl.seeds import Site
from keras_mpl.types import Inputs

_DEFAULT_RATIO = 7  # Xie et al., UDA, and the released code


class PairedData:
    """An endless source of `Batch`, made by `pair`; a `BatchSource`.

    Attributes:
        steps_per_epoch: Batches until the longer of the two sets was seen
            once. Reading it raises a ValueError where `tf.data` cannot tell
            how long a set is.
        element_spec: Shapes and dtypes of one `Batch`, all static.
    """

    def __init__(
        self,
        labeled: Source,
        unlabeled: Source,
        views: Views,
        seed: int,
        shard: tuple[int, int] = (1, 0),
    ):
        self._labeled = labeled
        self._unlabeled = unlabeled
        self._views = views
        self._seed = seed
        self._shard = shard
        self.element_spec = self._try_views()

    @property
    def steps_per_epoch(self) -> int:
        """Batches until the longer of the two sets was seen once."""
        named = {"labeled": self._labeled, "unlabeled": self._unlabeled}
        steps = []
        for name, made in named.items():
            if made.batches_per_epoch is None:
                raise ValueError(
                    f"`{name}` must have a known, finite cardinality for "
                    "`steps_per_epoch`; pass steps_per_epoch to fit. "
                    "Received: a dataset without one"
                )
            steps.append(made.batches_per_epoch)
        return max(steps)

    @property
    def labels(self) -> np.ndarray | None:
        """All labels, where they are in memory; `fit` checks them."""
        if isinstance(self._labeled, ArraySource):
            return self._labeled.part(1)
        return None

    def shard(self, num_workers: int, worker: int) -> "PairedData":
        """Returns one worker's part of every batch.

        Together the workers see the examples of the undivided batches; each
        reads and augments its own alone, with draws of its own.

        Args:
            num_workers: Into how many parts batches are divided.
            worker: Which part, from 0.

        Returns:
            The source of smaller batches.

        Raises:
            ValueError: If `worker` is no part, or a batch can not be divided.
        """
        if not 0 <= worker < num_workers:
            raise ValueError(
                f"`worker` must be from 0 to {num_workers - 1}. "
                f"Received: worker={worker}"
            )
        sizes = [self._labeled.batch_size, self._unlabeled.batch_size]
        if any(size % num_workers for size in sizes):
            raise ValueError(
                "`num_workers` must divide both batches, labelled and "
                f"unlabelled, {sizes}. Received: num_workers={num_workers}"
            )
        return PairedData(
            *(self._labeled, self._unlabeled, self._views, self._seed),
            shard=(num_workers, worker),
        )

    def batches(self, first_step: int = 0) -> tf.data.Dataset:
        """Returns an endless dataset of `Batch`, from a step on.

        Sets in memory start there at once, and batch `t` is a function of the
        seed and `t` alone. A `tf.data` pipeline is read up to there; whether
        it then gives the batches of an uninterrupted run is up to its own
        shuffling, and so it is with a Keras layer's draws.

        Args:
            first_step: Number of the first batch, 0 or more.

        Returns:
            Dataset of `Batch` with static shapes, prefetched.

        Raises:
            ValueError: If `first_step` is negative.
        """
        if first_step < 0:
            raise ValueError(
                "`first_step` must be 0 or more. "
                f"Received: first_step={first_step}"
            )
        key = seeds_lib.key(self._seed)
        streams = (
            tf.data.Dataset.counter(first_step),
            self._labeled.stream(first_step, key, self._shard),
            self._unlabeled.stream(first_step, key, self._shard),
        )
        return (
            tf.data.Dataset.zip(streams)
            .map(self._assemble, num_parallel_calls=tf.data.AUTOTUNE)
            .prefetch(tf.data.AUTOTUNE)
            .with_options(pipeline_options(self._labeled, self._unlabeled))
        )

    def __iter__(self) -> Iterator[Batch]:
        return iter(self.batches())

    def _try_views(self) -> Batch:
        """Runs the views on zeros: what do they return? Builds Keras layers.

        Raises:
            ValueError: If the views do not fit each other.
        """
        labeled, examples = tf.nest.map_structure(
            lambda spec: tf.zeros(
                (checks.few(spec.shape[0]), *spec.shape[1:]), spec.dtype
            ),
            (self._labeled.spec, self._unlabeled.spec),
        )
        key = seeds_lib.key(self._seed)
        try:
            batch = self._batch(labeled, examples, key)
        except TypeError as error:
            raise ValueError(
                "`weak` and `strong` must be functions (inputs, seeds) -> "
                "inputs, or Keras layers. Received: one that fails with: "
                + str(error).splitlines()[0]
            ) from error
        for name in ("weak", "strong"):
            if getattr(batch, f"{name}_inputs") is None:
                raise ValueError(
                    f"`{name}` must return the view. Received: None"
                )
        sizes = [self._labeled.batch_size, self._unlabeled.batch_size]
        strong = "unlabeled[1]" if self._views.strong is None else "strong"
        checks.check_rows("weak", batch.labeled_inputs, checks.few(sizes[0]))
        checks.check_rows("weak", batch.weak_inputs, checks.few(sizes[1]))
        checks.check_rows(strong, batch.strong_inputs, checks.few(sizes[1]))
        checks.check_alike(
            strong, batch.strong_inputs, "the weak view", batch.weak_inputs
        )
        checks.check_alike(
            "weak", batch.weak_inputs, "labelled inputs", batch.labeled_inputs
        )
        own = [size // self._shard[0] for size in sizes]
        spec = Batch(
            *(checks.spec_of(part, own[0]) for part in batch[:2]),
            *(checks.spec_of(part, own[1]) for part in batch[2:4]),
        )
        if batch.sample_weight is None:
            return spec
        return weighted(spec, checks.spec_of(batch.sample_weight, own[0]))

    def _batch(self, labeled: Any, examples: Any, key: Any) -> Batch:
        inputs, labels, *weights = labeled
        batch = self._views(inputs, labels, examples, key)
        return weighted(batch, *weights) if weights else batch

    def _assemble(self, step: Any, labeled: Any, unlabeled: Any) -> Batch:
        labeled = self._labeled.read(labeled, self._shard)
        examples = self._unlabeled.read(unlabeled, self._shard)
        key = seeds_lib.fold_in(seeds_lib.key(self._seed), step)
        if self._shard[1]:
            key = seeds_lib.fold_in(key, self._shard[1])
        return tf.nest.map_structure(
            lambda tensor, spec: tf.ensure_shape(tensor, spec.shape),
            self._batch(labeled, examples, key),
            self.element_spec,
        )


def pair(
    labeled: Examples,
    unlabeled: Examples,
    *,
    weak: View | None = None,
    strong: View | None = None,
    strong_from: StrongFrom = "raw",
    finish: Callable[[Inputs], Inputs] | None = None,
    batch_size: int | None = None,
    unlabeled_ratio: int | None = None,
    seed: int = 0,
) -> PairedData:
    """Pairs labelled with unlabelled examples, ready for `fit`.

    The shorter set repeats while the longer one is gone through. Sets in
    memory are put into a new order every epoch, in which each example comes
    exactly once; a dataset keeps the order of its own.

    Args:
        labeled: Arrays `(inputs, labels)`, or a dataset or `Records` of such
            pairs. Labels are ids, whole numbers of shape `(n,)` or `(n, 1)`,
            or class probabilities of rank 2; inputs may be nested. A third
            part `sample_weight`, of shape `(n,)`, says what each example
            counts in every loss on labels: 2 as if it were there twice.
        unlabeled: Arrays `(weak, strong)`, two views of the same examples, or
            a dataset or `Records` of such pairs; with `strong` raw inputs
            instead.
        weak: Applied to labelled inputs and to the weak view. A function of
            a batch and of `seeds`, int32, shape `(2,)`, or a Keras layer,
            which is called with `training=True`.
        strong: Makes the strong view of raw inputs, in the same way. Without
            `weak`, the raw inputs themselves are the weak view.
        strong_from: What `strong` is given: the `"raw"` inputs, or the
            `"weak"` view of them, as in the released code for CIFAR.
        finish: Function of a view that all three kinds of inputs end with,
            such as from uint8 pixels to standardised floats.
        batch_size: Labelled examples per step, over all replicas. Needed for
            arrays and `Records`; datasets then hold single examples. None:
            datasets come batched, and batches smaller than the first are left
            out.
        unlabeled_ratio: Unlabelled examples per labelled one; None means 7,
            or what the sizes of batched datasets say.
        seed: Order and views are functions of the seed and the step.

    Returns:
        The endless source of batches.

    Raises:
        ValueError: If a set is empty, smaller than its batch, not finite, or
            of arrays that differ in length; if labels are neither ids nor
            probabilities; if the two sets or the two views differ in
            structure, shapes or dtypes; if a size is no positive integer, is
            missing, or does not apply; if weights are not finite or negative.

    >>> inputs = np.zeros((40, 3), "float32")
    >>> labels = np.arange(40) % 2
    >>> data = pair(
    ...     (inputs[:8], labels[:8]),
    ...     inputs,
    ...     strong=lambda inputs, seeds: inputs + 1.0,
    ...     batch_size=4,
    ...     unlabeled_ratio=2,
    ... )
    >>> batch = next(iter(data))
    >>> batch.labeled_inputs.shape, batch.strong_inputs.shape
    (TensorShape([4, 3]), TensorShape([8, 3]))
    >>> data.steps_per_epoch
    5
    """
    has_arrays = not all(
        isinstance(values, tf.data.Dataset) for values in (labeled, unlabeled)
    )
    checks.check_sizes(has_arrays, batch_size, unlabeled_ratio, seed)
    scales.check(labeled, unlabeled, finish)
    views = Views(
        weak=weak, strong=strong, strong_from=strong_from, finish=finish
    )
    examples = labeled_source(labeled, batch_size)
    ratio = _DEFAULT_RATIO if unlabeled_ratio is None else unlabeled_ratio
    unlabeled_source = source(
        "unlabeled",
        unlabeled,
        "(weak, strong)" if strong is None else None,
        None if batch_size is None else batch_size * ratio,
        Site.UNLABELED_ORDER,
    )
    spec = unlabeled_source.spec
    checks.check_alike(
        "unlabeled",
        spec[0] if strong is None else spec,
        "labelled inputs",
        examples.spec[0],
    )
    return PairedData(examples, unlabeled_source, views, seed)
