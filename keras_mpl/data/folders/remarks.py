"""What a person should know of their images before training, a line each."""

import math
from collections.abc import Mapping

import numpy as np

from keras_mpl.data import duplicates
from keras_mpl.data import strata
from keras_mpl.data.folders.finding import spelled
from keras_mpl.data.folders.reading import Images
from keras_mpl.data.splits import Split

_FEW = 50  # test images


def remarks(sets: Mapping[str, Images], split: Split) -> tuple[str, ...]:
    """Says what was ignored, what is rare, and what is in two parts.

    Args:
        sets: The images of `labeled`, `unlabeled`, `validation` and `test`,
            of those that there are.
        split: Of `labeled`.

    Returns:
        Lines for people; none where there is nothing to say.
    """
    lines = []
    for name, images in sets.items():
        if images.ignored:
            said = spelled(dict(images.ignored))
            lines.append(f"data.{name}: ignored {said}")
        lines += [f"data.{name}: {note}" for note in images.notes]
    labeled = sets["labeled"]
    if "unlabeled" not in sets:
        lines.append(
            "data.unlabeled: none was given, so that UDA and Meta Pseudo "
            f"Labels have only the {len(split.unlabeled)} images of the "
            "training, without their labels"
        )
    if labeled.labels is not None:
        lines += strata.rare_classes(
            labeled.labels, split.labeled, labeled.class_names
        )
    lines += _few_to_test_on(sets, split)
    digests, paths = _parts(sets, split)
    return (*lines, *duplicates.between_parts(digests, paths))


def _few_to_test_on(
    sets: Mapping[str, Images], split: Split
) -> tuple[str, ...]:
    """Says how little a few test images tell, and what tells more."""
    is_given = "test" in sets
    count = len(sets["test"].images if is_given else split.test)
    if count >= _FEW:
        return ()
    error = 100 * math.sqrt(0.8 * 0.2 / count)
    line = (
        f"{count} test images are few: an accuracy of 80 % has a standard "
        f"error of {error:.0f} points"
    )
    if is_given:
        return (line,)
    return (
        f"{line}; for cross-validation, run again with --set "
        "data.split_seed=1, 2, 3 and 4, each of which draws its own test "
        "images, and take the mean of the rows",
    )


def _parts(
    sets: Mapping[str, Images], split: Split
) -> tuple[dict[str, list[bytes]], dict[str, list[object]]]:
    """Digests and paths of what is tested on, validated on, and learned."""
    labeled, count = sets["labeled"], len(sets["labeled"].images)
    known = np.union1d(split.labeled, split.unlabeled)
    rows = {
        "test": split.test,
        "validation": split.validation,
        "training images": known[known < count],
    }
    digests = {n: [labeled.digests[i] for i in r] for n, r in rows.items()}
    paths = {n: [labeled.paths[i] for i in r] for n, r in rows.items()}
    given = ("test", "test"), ("validation", "validation")
    for name, part in (*given, ("unlabeled", "training images")):
        if name in sets:
            digests[part] += sets[name].digests
            paths[part] += sets[name].paths
    return digests, paths
