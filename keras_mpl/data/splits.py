"""Which examples are for testing, validating, learning with and without labels.

Indices only: a split never touches the examples. Needs NumPy alone and draws
from raw Philox bits, which do not change between NumPy's versions. How many
examples of a class go where is the business of `strata`.
"""

import dataclasses
import hashlib
import json
import os
import pathlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from keras_mpl.data import strata

_PARTS = ("test", "validation", "labeled", "unlabeled")


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """The four sets of one experiment, as sorted indices into a dataset.

    Attributes:
        name: Dataset, number of labels and seed, such as `digits@20/3`.
        test: Held out for the final figure, int64, shape `(num_test,)`.
        validation: For choosing settings, shape `(num_validation,)`.
        labeled: Shown with labels, shape `(num_labeled,)`.
        unlabeled: Shown without labels, shape `(num_unlabeled,)`.
        fingerprint: First 12 hex digits of a SHA-256 over the indices.

    >>> part = Split(
    ...     name="x@1/0", test=[], validation=[3], labeled=[0], unlabeled=[0, 1]
    ... )
    >>> part.unlabeled.tolist(), len(part.fingerprint)
    ([0, 1], 12)
    """

    name: str
    test: np.ndarray
    validation: np.ndarray
    labeled: np.ndarray
    unlabeled: np.ndarray

    def __post_init__(self) -> None:
        for part in _PARTS:
            indices = np.array(getattr(self, part), np.int64)
            indices.setflags(write=False)
            object.__setattr__(self, part, indices)

    @property
    def fingerprint(self) -> str:
        """Tells this division from every other, in 12 hex digits."""
        digest = hashlib.sha256()
        for part in _PARTS:
            indices = getattr(self, part)
            digest.update(f"{part}:{len(indices)}:".encode())
            digest.update(indices.astype("<i8").tobytes())
        return digest.hexdigest()[:12]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the split and its fingerprint as JSON.

        Args:
            path: File to write; an existing one is replaced.
        """
        record = {"name": self.name, "fingerprint": self.fingerprint}
        lists = {part: getattr(self, part).tolist() for part in _PARTS}
        pathlib.Path(path).write_text(json.dumps(record | lists) + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Split":
        """Reads a split that `save` wrote.

        Args:
            path: File to read.

        Returns:
            The split, with the fingerprint it was saved with.

        Raises:
            ValueError: If it holds no split, or the indices do not belong to
                the fingerprint.
        """
        try:
            record = json.loads(pathlib.Path(path).read_text())
            parts = {part: record[part] for part in _PARTS}
            loaded = cls(name=record["name"], **parts)
            fingerprint = record["fingerprint"]
        except (KeyError, RecursionError, TypeError, ValueError) as error:
            raise ValueError(
                "`path` must hold a split as it was saved. "
                f"Received: path={str(path)!r} ({type(error).__name__})"
            ) from error
        if loaded.fingerprint != fingerprint:
            raise ValueError(
                f"`path` must hold a split as it was saved: {path} says "
                f"{fingerprint}, its indices give "
                f"{loaded.fingerprint}. Received: path={str(path)!r}"
            )
        return loaded


def split(
    labels: ArrayLike,
    *,
    num_labeled: int | None,
    num_validation: float,
    num_test: float,
    unlabeled: str = "all",
    is_balanced: bool = True,
    is_stratified: bool | None = None,
    split_seed: int = 0,
    seed: int = 0,
    dataset: str = "digits",
    class_names: Sequence[str] = (),
) -> Split:
    """Divides a dataset for semi-supervised learning.

    Test and validation examples depend on `split_seed` alone, so that no
    example is tested on under one `seed` and learned from under another. The
    labelled ones are drawn from the rest, equally many of every class, or are
    the first of it, as in the released code, and then depend on no seed.

    Args:
        labels: Class ids, integer, shape `(num_examples,)`.
        num_labeled: Labels of all classes together; `None` for all that are
            left, balanced or not.
        num_validation: Examples for choosing settings; below 1 a fraction of
            all examples.
        num_test: Examples for the final figure; below 1 a fraction.
        unlabeled: `"all"` of the rest, the labelled examples among them, or
            only the `"rest"` without those.
        is_balanced: Whether labelled examples are drawn class by class; if
            not, they are the first ones of the rest, in the dataset's order.
        is_stratified: Whether test and validation have the classes in the
            shares of the whole, and at least one example of each class. If
            `None`, they are drawn from all classes together, and class by
            class only where a class would be missing that can be there.
        split_seed: Chooses the test and validation examples.
        seed: Chooses the labelled examples.
        dataset: First part of the split's name.
        class_names: Per class, for messages; their ids if empty.

    Returns:
        The split, named `dataset@num_labeled/seed`.

    Raises:
        ValueError: If `labels` are not class ids of rank 1, from 0 on, a
            count or seed is negative or not an integer, a class has too few
            examples, `num_labeled` is no multiple of the number of classes,
            or `unlabeled` is neither of the two.

    >>> part = split([0, 1] * 10, num_labeled=4, num_validation=3, num_test=5)
    >>> part.name, len(part.test), len(part.labeled), len(part.unlabeled)
    ('digits@4/0', 5, 4, 12)
    """
    labels = np.asarray(labels)
    strata.check_labels(labels)
    at_least = len(np.unique(labels)) if is_stratified else 1
    wanted = {
        "num_labeled": 0 if num_labeled is None else num_labeled,
        "num_validation": strata.count_of(
            num_validation, len(labels), at_least
        ),
        "num_test": strata.count_of(num_test, len(labels), at_least),
    }
    _check(labels, wanted | {"split_seed": split_seed, "seed": seed}, unlabeled)
    sizes = int(wanted["num_test"]), int(wanted["num_validation"])
    order = _permutation(len(labels), 0, split_seed)
    test, validation, rest = np.split(order, np.cumsum(sizes))
    if is_stratified is None:
        is_stratified = strata.is_needed(labels, test, validation, rest)
    if is_stratified:
        num_classes = len(np.unique(labels))
        reserve = 1
        if is_balanced and num_labeled:
            reserve = max(1, num_labeled // num_classes)
        test, validation, rest = strata.divided(
            labels, order, sizes, reserve, class_names
        )
    rest = np.sort(rest)
    if num_labeled is None or not is_balanced:
        labeled = rest[:num_labeled]
    else:
        labeled = _balanced(labels, rest, num_labeled, seed)
    is_all = unlabeled == "all"
    return Split(
        name=f"{dataset}@{len(labeled)}/{seed}",
        test=np.sort(test),
        validation=np.sort(validation),
        labeled=labeled,
        unlabeled=rest if is_all else np.setdiff1d(rest, labeled),
    )


def _check(
    labels: np.ndarray, numbers: dict[str, float], unlabeled: str
) -> None:
    for name, number in numbers.items():
        is_int = isinstance(number, (int, np.integer))
        if not is_int or isinstance(number, bool) or number < 0:
            raise ValueError(
                f"`{name}` must be an integer of 0 or more. "
                f"Received: {name}={number!r}"
            )
    if unlabeled not in ("all", "rest"):
        raise ValueError(
            "`unlabeled` must be 'all' or 'rest'. "
            f"Received: unlabeled={unlabeled!r}"
        )
    held_out = numbers["num_validation"] + numbers["num_test"]
    if held_out + numbers["num_labeled"] > len(labels):
        raise ValueError(
            "`num_labeled`, `num_validation` and `num_test` must not exceed "
            f"the {len(labels)} examples together. Received: "
            f"num_labeled={numbers['num_labeled']}, "
            f"num_validation={numbers['num_validation']}, "
            f"num_test={numbers['num_test']}"
        )


def _balanced(
    labels: np.ndarray, rest: np.ndarray, num_labeled: int, seed: int
) -> np.ndarray:
    """Draws equally many indices of every class from `rest`, sorted."""
    classes = np.unique(labels)
    if num_labeled % max(len(classes), 1):
        raise ValueError(
            "`num_labeled` must be a multiple of the number of classes, "
            f"{len(classes)}. Received: num_labeled={num_labeled}"
        )
    per_class = num_labeled // max(len(classes), 1)
    shuffled = rest[_permutation(len(rest), 1, seed)]
    chosen = [shuffled[labels[shuffled] == c][:per_class] for c in classes]
    for class_id, indices in zip(classes, chosen, strict=True):
        if len(indices) < per_class:
            raise ValueError(
                f"`num_labeled` must leave {per_class} examples for every "
                f"class; class {class_id} has {len(indices)} after test and "
                f"validation. Received: num_labeled={num_labeled}"
            )
    return np.sort(np.concatenate([rest[:0], *chosen]))


def _permutation(size: int, *entropy: int) -> np.ndarray:
    bits = np.random.Philox([int(number) for number in entropy])
    return np.argsort(bits.random_raw(size), kind="stable")
