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
) -> dict[str, float]:
    """Returns the accuracies of predictions.

    Args:
        best: Class ids, the most probable first, shape `(num_examples,)` or
            `(num_examples, num_best)`.
        labels: True classes, shape `(num_examples,)`.
        real_labels: For each example, the set of its correct classes.

    Returns:
        Fractions: `accuracy`; `top_5_accuracy` if there are five best classes
        or more; `real_accuracy` if there are ReaL labels.

    >>> best = np.array([[3, 1, 0, 2, 4], [0, 1, 2, 3, 5]])
    >>> scores(best, np.array([1, 4]), [{3}, set()])
    {'accuracy': 0.0, 'top_5_accuracy': 0.5, 'real_accuracy': 1.0}
    """
    best = np.reshape(best, (len(labels), -1))
    found = {"accuracy": float(np.mean(best[:, 0] == labels))}
    if best.shape[1] >= 5:
        hits = (best[:, :5] == labels[:, None]).any(axis=1)
        found["top_5_accuracy"] = float(np.mean(hits))
    if real_labels is not None:
        found["real_accuracy"] = real_accuracy(best[:, 0], real_labels)
    return found


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
