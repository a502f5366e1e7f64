"""Accuracies: top-1, top-5, and precision by ReaL labels.

The functions are plain NumPy on the best classes of each example, best first.
"""

from collections.abc import Sequence
from collections.abc import Set

import numpy as np


def scores(
    best: np.ndarray,
    labels: np.ndarray,
    real_labels: Sequence[Set[int]] | None = None,
    *,
    has_balanced: bool = False,
) -> dict[str, float]:
    """Returns the accuracies of predictions.

    Args:
        best: Class ids, the most probable first, shape `(num_examples,)` or
            `(num_examples, num_best)`.
        labels: True classes, shape `(num_examples,)`.
        real_labels: For each example, the set of its correct classes.
        has_balanced: Whether to compute the balanced accuracy, too.

    Returns:
        Fractions: `accuracy`; `balanced_accuracy` if asked for;
        `top_5_accuracy` if there are five best classes or more;
        `real_accuracy` if there are ReaL labels.

    >>> best = np.array([[3, 1, 0, 2, 4], [0, 1, 2, 3, 5]])
    >>> scores(best, np.array([1, 4]), [{3}, set()])
    {'accuracy': 0.0, 'top_5_accuracy': 0.5, 'real_accuracy': 1.0}
    """
    best = np.reshape(best, (len(labels), -1))
    found = {"accuracy": float(np.mean(best[:, 0] == labels))}
    if has_balanced:
        found["balanced_accuracy"] = balanced_accuracy(best[:, 0], labels)
    if best.shape[1] >= 5:
        hits = (best[:, :5] == labels[:, None]).any(axis=1)
        found["top_5_accuracy"] = float(np.mean(hits))
    if real_labels is not None:
        found["real_accuracy"] = real_accuracy(best[:, 0], real_labels)
    return found


def balanced_accuracy(classes: np.ndarray, labels: np.ndarray) -> float:
    """Returns the mean, over the classes that are there, of their recall.

    Args:
        classes: The predicted class of each example, shape `(num_examples,)`.
        labels: The true one, same shape.

    Returns:
        A fraction. That of a network that always names one of `K` classes is
        `1 / K`, however often the class is there.

    >>> balanced_accuracy(np.array([0, 0, 0, 0]), np.array([0, 0, 0, 2]))
    0.5
    """
    recalls = [
        np.mean(classes[labels == label] == label)
        for label in np.unique(labels)
    ]
    return float(np.mean(recalls))


def real_accuracy(
    classes: np.ndarray, real_labels: Sequence[Set[int]]
) -> float:
    """Returns the precision at 1 by ReaL labels (arXiv:2006.07159).

    A prediction is correct if it is in the image's set. Images with an empty
    set do not count.

    Args:
        classes: The predicted class of each image, shape `(num_examples,)`.
        real_labels: For each image, the set of its correct classes.

    Returns:
        A fraction; NaN if every set is empty.

    Raises:
        ValueError: If the numbers of sets and of predictions differ.

    >>> real_accuracy(np.array([1, 2, 3]), [{1, 5}, set(), {4}])
    0.5
    """
    pairs = zip(classes.tolist(), real_labels, strict=True)
    hits = [predicted in correct for predicted, correct in pairs if correct]
    return float(np.mean(hits)) if hits else float("nan")
