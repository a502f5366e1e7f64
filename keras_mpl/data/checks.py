"""What can be wrong with the data, each said in one line before any work.

Functions here raise a ValueError, or return quietly. Used by `pairs` and the
sources; must not import them.
"""

from typing import Any
from typing import TypeGuard

import numpy as np
import tensorflow as tf

from keras_mpl.types import Inputs


def describe(spec: object) -> Any:
    """Writes a structure of specs shortly, for messages.

    >>> describe({"a": tf.TensorSpec((3, 4), tf.float32)})
    {'a': 'float32(3, 4)'}
    """
    return tf.nest.map_structure(
        lambda leaf: f"{leaf.dtype.name}{leaf.shape}", spec
    )


def check_sizes(
    has_arrays: bool, batch_size: object, unlabeled_ratio: object, seed: object
) -> None:
    """Raises unless the numbers given to `pair` fit each other."""
    sizes = {"batch_size": batch_size, "unlabeled_ratio": unlabeled_ratio}
    for name, size in sizes.items():
        if size is not None and (not _is_integer(size) or size < 1):
            raise ValueError(
                f"`{name}` must be a positive integer. "
                f"Received: {name}={size!r}"
            )
    if not _is_integer(seed):
        raise ValueError(f"`seed` must be an integer. Received: seed={seed!r}")
    if batch_size is None and has_arrays:
        raise ValueError(
            "`batch_size` must be given when examples are arrays. "
            "Received: batch_size=None"
        )
    if batch_size is None and unlabeled_ratio is not None:
        raise ValueError(
            "`unlabeled_ratio` must be None for batched datasets, whose own "
            f"sizes count. Received: unlabeled_ratio={unlabeled_ratio}, "
            "batch_size=None"
        )


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def check_view(name: str, view: object) -> None:
    """Raises unless a view is None or can be called."""
    if view is not None and not callable(view):
        raise ValueError(
            f"`{name}` must be a function of `(inputs, seeds)` or a Keras "
            f"layer. Received: {name}={type(view).__name__}"
        )


def check_pair(
    name: str,
    parts: str,
    values: object,
    hint: str,
    *,
    lengths: tuple[int, ...] = (2,),
) -> None:
    """Raises unless `values` is a tuple, or a list, of so many parts."""
    if not isinstance(values, (tuple, list)) or len(values) not in lengths:
        kind = type(values).__name__
        if isinstance(values, (tuple, list)):
            kind += f" of {len(values)}"
        elif hasattr(values, "shape"):
            kind += f" of shape {tuple(values.shape)}"
        raise ValueError(
            f"`{name}` must be a pair {parts}, or a tf.data.Dataset of such "
            f"pairs{hint}. Received: {kind}"
        )


def common_length(name: str, arrays: Inputs) -> int:
    """Returns how many rows all arrays have, or raises."""
    leaves = tf.nest.flatten(arrays)
    if not leaves or any(
        leaf.ndim == 0 or leaf.dtype == np.object_ for leaf in leaves
    ):
        shapes = [f"{leaf.dtype}{leaf.shape}" for leaf in leaves]
        raise ValueError(
            f"`{name}` must hold arrays with one row per example. "
            f"Received: {', '.join(shapes[:4]) or 'nothing'}"
        )
    lengths = [len(leaf) for leaf in leaves]
    if len(set(lengths)) > 1:
        raise ValueError(
            f"`{name}` must hold arrays of one length. "
            f"Received: lengths {lengths}"
        )
    return lengths[0]


def check_enough(name: str, size: int, batch_size: int) -> None:
    """Raises if a set is empty or smaller than its batch."""
    if size == 0:
        raise ValueError(f"`{name}` must not be empty. Received: 0 examples")
    if size < batch_size:
        settings = "`batch_size`"
        if name == "unlabeled":
            settings += " times `unlabeled_ratio`"
        raise ValueError(
            f"`{name}` must have at least one batch of {batch_size} examples "
            f"({settings}). Received: {size} examples"
        )


def check_finite(name: str, arrays: Inputs) -> None:
    """Raises with the first example that holds nan or inf."""
    for leaf in tf.nest.flatten(arrays):
        if not tf.as_dtype(leaf.dtype).is_floating:
            continue
        is_finite = np.isfinite(leaf)
        if not is_finite.all():
            index = int(np.argwhere(~is_finite)[0, 0])
            raise ValueError(
                f"`{name}` must be finite. "
                f"Received: nan or inf in example {index}"
            )


def check_labels(spec: object) -> None:
    """Raises unless a batch of labels is ids, or class probabilities."""
    if isinstance(spec, tf.TensorSpec):
        is_number = spec.dtype.is_integer or spec.dtype.is_floating
        is_column = spec.shape.rank == 2 and spec.shape[1] == 1
        is_ids = is_number and (spec.shape.rank == 1 or is_column)
        is_probs = spec.shape.rank == 2 and spec.dtype.is_floating
        if is_ids or is_probs:
            return
    raise ValueError(
        "`labels` must be integer ids of shape (batch,) or (batch, 1), or "
        "float probabilities of shape (batch, num_classes). "
        f"Received: {describe(spec)}"
    )


def check_weights(spec: object) -> None:
    """Raises unless a batch of weights is one number per example."""
    if isinstance(spec, tf.TensorSpec) and spec.shape.rank == 1:
        if spec.dtype.is_integer or spec.dtype.is_floating:
            return
    raise ValueError(
        "`sample_weight` must be numbers of shape (batch,). "
        f"Received: {describe(spec)}"
    )


def check_not_negative(name: str, values: np.ndarray) -> None:
    """Raises with the first example whose label, or weight, is below 0."""
    if (values < 0).any():
        index = int(np.argwhere(values < 0)[0, 0])
        raise ValueError(
            f"`{name}` must not be negative. "
            f"Received: {values[index]} in example {index}"
        )


def check_alike(
    name: str, spec: object, other_name: str, other: object
) -> None:
    """Raises if structures, dtypes or shapes of one example differ."""
    try:
        tf.nest.assert_same_structure(spec, other)
        is_alike = all(
            a.shape[1:] == b.shape[1:] and a.dtype == b.dtype
            for a, b in zip(
                tf.nest.flatten(spec), tf.nest.flatten(other), strict=True
            )
        )
    except (TypeError, ValueError):
        is_alike = False
    if not is_alike:
        raise ValueError(
            f"`{name}` must have the structure, shapes and dtypes of "
            f"{other_name}, {describe(other)}. Received: {describe(spec)}"
        )


def check_rows(name: str, spec: object, batch_size: int) -> None:
    """Raises if a view has not one row per example."""
    for leaf in tf.nest.flatten(spec):
        if leaf.shape.rank == 0 or leaf.shape[0] != batch_size:
            raise ValueError(
                f"`{name}` must return one row for each of its {batch_size} "
                f"examples. Received: {describe(spec)}"
            )


def static(name: str, spec: tf.TypeSpec, batch_size: int) -> tf.TensorSpec:
    """Returns the spec of a batch, or raises if its shape is not known."""
    is_dense = isinstance(spec, tf.TensorSpec)
    shape = spec.shape if is_dense else tf.TensorShape(None)
    if shape.rank is None or None in shape[1:].as_list():
        raise ValueError(
            f"`{name}` must have static shapes. Received: elements {spec}"
        )
    return tf.TensorSpec((batch_size, *shape[1:]), spec.dtype)


def few(batch_size: int) -> int:
    """Rows that are enough to see what a view does."""
    return min(2, batch_size)


def spec_of(part: Inputs, batch_size: int) -> Any:
    """Returns what a batch of these rows would be."""
    return tf.nest.map_structure(
        lambda tensor: tf.TensorSpec(
            (batch_size, *tensor.shape[1:]), tensor.dtype
        ),
        part,
    )
