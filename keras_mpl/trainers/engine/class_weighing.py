"""What a labelled example counts by its class: the setting and its scale."""

import numbers
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import Literal
from typing import TypeAlias

import keras
import numpy as np

from keras_mpl.types import ClassWeights
from keras_mpl.types import TensorLike

# As they are kept, whichever form they were given in.
Kept: TypeAlias = Literal["balanced"] | tuple[float, ...]


def setting(given: ClassWeights | None, num_classes: int) -> Kept | None:
    """Checks class weights, and gives them one form.

    Args:
        given: As in `Method`.
        num_classes: What the networks predict.

    Returns:
        `"balanced"`, a number per class, or `None`.

    Raises:
        ValueError: If they are something else.

    >>> setting({1: 3}, 2)
    (1.0, 3.0)
    """
    if given is None:
        return None
    if isinstance(given, str) and given == "balanced":
        return "balanced"
    listed: Any = given
    if isinstance(given, Mapping) and set(given) <= set(range(num_classes)):
        listed = [given.get(i, 1.0) for i in range(num_classes)]
    if (
        isinstance(listed, (Sequence, np.ndarray))
        and len(listed) == num_classes
    ):
        if all(map(_is_weight, listed)) and any(listed):
            return tuple(map(float, listed))
    raise ValueError(
        f"`class_weights` must be 'balanced', or {num_classes} numbers of 0 "
        "or more, one per class and not all 0. "
        f"Received: class_weights={given!r}"
    )


def _is_weight(value: object) -> bool:
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return is_number and 0 <= float(value) < float("inf")  # type: ignore


def variable(
    kept: Kept | None,
    num_classes: int,
    add_weight: Callable[..., Any],
    dtype: str,
) -> keras.Variable | None:
    """Makes the variable that holds the scaled weights, if there are some.

    Args:
        kept: What `setting` returned.
        num_classes: What the networks predict.
        add_weight: Makes a variable that is saved with the model.
        dtype: Type that the losses are computed in.
    """
    if kept is None:
        return None
    made = add_weight(
        name="class_weights",
        shape=(num_classes,),
        dtype=dtype,
        initializer="ones",
        trainable=False,
        aggregation="only_first_replica",
    )
    if kept != "balanced":
        made.assign(kept)
    return made


def scaled(
    kept: Kept, labels: TensorLike | None, num_classes: int
) -> np.ndarray:
    """Returns weights whose mean over the labelled examples is 1.

    Args:
        kept: What `setting` returned.
        labels: Of all labelled examples: ids, or class probabilities; `None`
            if they are not in memory.
        num_classes: What the networks predict.

    Returns:
        Shape `(num_classes,)`; numbers as they were given where the labels
        are not in memory.

    Raises:
        ValueError: If balanced weights have no labels in memory, or every
            labelled example would count 0.

    >>> scaled("balanced", np.array([0, 0, 0, 1]), 2).round(4).tolist()
    [0.6667, 2.0]
    """
    if labels is None:
        if kept == "balanced":
            raise ValueError(
                "`class_weights` must be a number per class for data whose "
                "labels are not in memory. Received: class_weights='balanced'"
            )
        return np.asarray(kept, float)
    counts = _counts(np.asarray(labels), num_classes)
    if kept == "balanced":
        weights = 1.0 / np.where(counts > 0, counts, counts.max())
    else:
        weights = np.asarray(kept, float)
    total = (weights * counts).sum()
    if not total > 0:
        raise ValueError(
            "`class_weights` must be above 0 for a class that is labelled. "
            f"Received: class_weights={kept!r}"
        )
    return weights * counts.sum() / total


def _counts(labels: np.ndarray, num_classes: int) -> np.ndarray:
    if labels.ndim == 2 and labels.shape[1] == num_classes:
        return labels.astype(float).sum(axis=0)
    ids = labels.reshape(-1).astype(int)
    return np.bincount(ids, minlength=num_classes).astype(float)
