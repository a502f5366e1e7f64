"""Loaded data in words: split, notes, skipped files and class names."""

import numpy as np

from keras_mpl import data
from keras_mpl import names
from keras_mpl.runner.building import datasets

_MAX_LISTED = 20
_SETS = ("labeled", "unlabeled", "validation", "test")


def of_split(loaded: datasets.Loaded) -> str:
    """Returns the lines on the split, the notes and the skipped files."""
    split = loaded.split
    lines = [f"split {split.name}, fingerprint {split.fingerprint}"]
    lines += loaded.notes
    if loaded.skipped:
        of_one = "" if len(loaded.skipped) == 1 else "s"
        lines.append(f"skipped {len(loaded.skipped)} file{of_one}:")
        lines += [
            names.printable(f"  {path}: {reason}")
            for path, reason in loaded.skipped[:_MAX_LISTED]
        ]
    if len(loaded.skipped) > _MAX_LISTED:
        lines.append(f"  and {len(loaded.skipped) - _MAX_LISTED} more")
    return "\n".join(lines)


def of_classes(loaded: datasets.Data, *, at_most: int | None = None) -> str:
    """Returns a table of the examples of each class in each part.

    Args:
        loaded: The data.
        at_most: How many classes are listed; of more, their number is said.
    """
    called = class_names(loaded)
    counts = {
        name: np.bincount(loaded.labels_of(name), minlength=len(called))
        for name in _SETS
    }
    width = max(5, *map(len, called))
    lines = [f"{'class':{width}}" + "".join(f"{n:>12}" for n in _SETS)]
    lines += [
        f"{name:{width}}" + "".join(f"{counts[s][i]:>12,}" for s in _SETS)
        for i, name in enumerate(called)
    ]
    if at_most is not None and len(called) > at_most:
        lines[1:] = [f"{len(called):,} classes, which `keras-mpl data` lists"]
    sizes = {name: loaded.size_of(name) for name in _SETS}
    lines.append(
        f"{'all':{width}}" + "".join(f"{sizes[s]:>12,}" for s in _SETS)
    )
    without = sizes["unlabeled"] - counts["unlabeled"].sum()
    if without:
        lines.append(f"{without:,} of the unlabelled have no known class")
    return "\n".join(lines)


def class_names(loaded: datasets.Loaded) -> tuple[str, ...]:
    """Returns the names of the classes; their numbers where they have none."""
    numbers = tuple(map(str, range(loaded.num_classes)))
    return tuple(map(names.printable, loaded.class_names)) or numbers


def normalization(loaded: datasets.Loaded) -> dict[str, list[float]] | None:
    """Returns how pixels from 0 to 1 become what the networks take.

    Args:
        loaded: The data of a recipe.

    Returns:
        `mean` and `std` for each channel; `None` if the data are no images.
    """
    if len(loaded.input_shape) != 3:
        return None
    channels = loaded.input_shape[-1]
    finish = loaded.finish
    if not isinstance(finish, data.Normalize):
        return {"mean": [0.0] * channels, "std": [1.0] * channels}
    return {"mean": list(finish.mean), "std": list(finish.std)}
