"""What a person should know of their images before training, a line each."""

from collections.abc import Mapping

import numpy as np

from keras_mpl.data import duplicates
from keras_mpl.data import strata
from keras_mpl.data.folders.finding import spelled
from keras_mpl.data.folders.reading import Images
from keras_mpl.data.splits import Split


def remarks(sets: Mapping[str, Images], split: Split) -> tuple[str, ...]:
    """Says what was ignored, what is rare, and what is in two parts.

    Args:
        sets: The images of `labeled`, `unlabeled` and `test`, of those that
            there are.
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
    if labeled.labels is not None:
        lines += strata.rare_classes(
            labeled.labels, split.labeled, labeled.class_names
        )
    digests, paths = _parts(sets, split)
    return (*lines, *duplicates.between_parts(digests, paths))


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
    for name, part in (("test", "test"), ("unlabeled", "training images")):
        if name in sets:
            digests[part] += sets[name].digests
            paths[part] += sets[name].paths
    return digests, paths
