"""How many examples of each class are for testing, validating and learning.

Each class has its share of every part, and at least one example in each. Needs
NumPy alone.
"""

from collections.abc import Sequence

import numpy as np

_LISTED = 10  # rare classes, at most
_FEW = 5  # training examples of a class that are worth a warning


def check_labels(labels: np.ndarray) -> None:
    """Raises unless labels are class ids of rank 1, from 0 on."""
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            "`labels` must be integer class ids of shape (num_examples,). "
            f"Received: {labels.dtype} labels of shape {labels.shape}"
        )
    if labels.size and labels.min() < 0:
        index = int(np.argmax(labels < 0))
        raise ValueError(
            "`labels` must not be negative; examples without a label belong "
            f"to the unlabelled. Received: {labels[index]} in example {index}"
        )


def count_of(number: float, num_examples: int, at_least: int = 1) -> float:
    """Returns a count as it is, and of a fraction how many examples it is.

    >>> count_of(20, 450), count_of(0.15, 450), count_of(0.01, 30)
    (20, 68, 1)
    >>> count_of(0.15, 60, at_least=10)  # one of each of ten classes
    10
    """
    is_fraction = isinstance(number, float) and 0 < number < 1
    if not is_fraction:
        return number
    return max(1, at_least, round(number * num_examples))


def is_needed(
    labels: np.ndarray,
    test: np.ndarray,
    validation: np.ndarray,
    rest: np.ndarray,
) -> bool:
    """Says whether a part lacks a class although it is large enough."""
    classes = np.unique(labels)
    parts = [part for part in (test, validation, rest) if len(part)]
    if any(len(part) < len(classes) for part in (*parts, rest)):
        return False
    return any(len(np.unique(labels[part])) < len(classes) for part in parts)


def divided(
    labels: np.ndarray,
    order: np.ndarray,
    sizes: tuple[int, int],
    reserve: int,
    class_names: Sequence[str] = (),
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Divides examples class by class into test, validation and the rest.

    Args:
        labels: Class ids, shape `(num_examples,)`.
        order: In which examples are taken, indices.
        sizes: Of test and validation; 0 for none.
        reserve: How many of each class are left for training at least.
        class_names: For messages.

    Returns:
        Indices of the three parts.

    Raises:
        ValueError: If a class has not enough examples, or a part is too small
            or too large to have one of each class.
    """
    classes, inverse = np.unique(labels, return_inverse=True)
    counts = np.bincount(inverse, minlength=len(classes))
    names = [class_names[c] if class_names else str(c) for c in classes]
    _check_counts(counts, sizes, reserve, names)
    left, parts = counts.copy(), []
    for place, (key, size) in enumerate(
        zip(("num_test", "num_validation"), sizes, strict=True)
    ):
        later = reserve + sum(other > 0 for other in sizes[place + 1 :])
        quotas = _quotas(counts, left - later, size, key)
        parts.append(quotas)
        left = left - quotas
    by_class = [order[inverse[order] == c] for c in range(len(classes))]
    cuts = np.cumsum(parts, axis=0)
    divided = [np.split(own, cuts[:, c]) for c, own in enumerate(by_class)]
    test, validation, rest = (
        np.concatenate([order[:0], *part])
        for part in zip(*divided, strict=True)
    )
    return test, validation, rest


def _check_counts(
    counts: np.ndarray,
    sizes: tuple[int, int],
    reserve: int,
    names: Sequence[str],
) -> None:
    needed = reserve + sum(size > 0 for size in sizes)
    rare = [
        f"{name} ({count})"
        for name, count in zip(names, counts, strict=True)
        if count < needed
    ]
    if rare:
        raise ValueError(
            f"every class must have {needed} labelled examples: one in each "
            f"part that is held out (`num_test`, `num_validation`) and "
            f"{reserve} to learn from (`num_labeled`); add some, or leave the "
            "class out. "
            f"Received: {', '.join(rare)}"
        )


def _quotas(
    counts: np.ndarray, limits: np.ndarray, size: int, key: str
) -> np.ndarray:
    """How many of each class a part of some size has: by largest remainder."""
    if not size:
        return np.zeros_like(counts)
    if not len(counts) <= size <= limits.sum():
        raise ValueError(
            f"`{key}` must be from {len(counts)}, one example of each class, "
            f"to {limits.sum()}, so that every class has examples left to "
            f"learn from. Received: {key}={size}"
        )
    ideal = size * counts / counts.sum()
    quotas = np.clip(np.floor(ideal).astype(int), 1, limits)
    while (missing := size - quotas.sum()) != 0:
        step = int(np.sign(missing))
        is_free = quotas < limits if step > 0 else quotas > 1
        want = np.where(is_free, step * (ideal - quotas), -np.inf)
        quotas[int(np.argmax(want))] += step
    return quotas


def rare_classes(
    labels: np.ndarray, labeled: np.ndarray, class_names: Sequence[str]
) -> tuple[str, ...]:
    """Says which classes have few examples to learn from, a line each.

    Args:
        labels: Class ids, shape `(num_examples,)`.
        labeled: Those that are learned from with their labels, indices.
        class_names: Of every class.
    """
    counts = np.bincount(labels[labeled], minlength=len(class_names))
    rare = counts < max(_FEW, counts.max(initial=0) / 10)
    lines = [
        f"the class {name} has few labelled examples to learn from: {count} "
        f"of {len(labeled):,}"
        for name, count, is_rare in zip(class_names, counts, rare, strict=True)
        if is_rare
    ]
    others = len(lines) - _LISTED
    if others > 0:
        lines[_LISTED:] = [f"so have {others} classes more"]
    if lines:
        lines.append(
            "rare classes count more with --set method.class_weights=balanced"
        )
    return tuple(lines)
