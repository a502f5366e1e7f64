"""How right answers are: top-1, top-5, and precision by ReaL labels.

Plain NumPy on the best classes of each example, best first.
"""

from collections.abc import Sequence
from collections.abc import Set

import numpy as np


def scores(
    best: np.ndarray,
    labels: np.ndarray,
    real_labels: Sequence[Set[int]] | None = None,
) -> dict[str, float]:
    """Returns the accuracies that an answer allows.

    Args:
        best: Class ids, the most probable first, shape `(num_examples,)` or
            `(num_examples, num_best)`.
        labels: True classes, shape `(num_examples,)`.
        real_labels: Per example the set of classes that are right.

    Returns:
        As fractions: `accuracy`; `top_5_accuracy` with five best or more;
        `real_accuracy` with ReaL labels.

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
    """Precision at 1 by ReaL labels (arXiv:2006.07159).

    An answer is right if it is in the image's set; images whose set is empty
    are left out.

    Args:
        classes: What is said of each image, shape `(num_examples,)`.
        real_labels: Per image the set of classes that are right.

    Returns:
        A fraction; not a number where every set is empty.

    Raises:
        ValueError: If there are not as many sets as answers.

    >>> real_accuracy(np.array([1, 2, 3]), [{1, 5}, set(), {4}])
    0.5
    """
    said = zip(classes.tolist(), real_labels, strict=True)
    hits = [answer in right for answer, right in said if right]
    return float(np.mean(hits)) if hits else float("nan")
