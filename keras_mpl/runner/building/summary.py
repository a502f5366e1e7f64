"""Loaded data in words: split, notes, skipped files and class names."""

from keras_mpl import names
from keras_mpl.runner.building import datasets

_MAX_LISTED = 20


def of_split(loaded: datasets.Loaded) -> str:
    """Returns the lines on the split, the notes and the skipped files."""
    split = loaded.split
    lines = [f"split {split.name}, fingerprint {split.fingerprint}"]
    lines += loaded.notes
    if loaded.skipped:
        lines.append(f"skipped {len(loaded.skipped)} files:")
        lines += [
            names.printable(f"  {path}: {reason}")
            for path, reason in loaded.skipped[:_MAX_LISTED]
        ]
    if len(loaded.skipped) > _MAX_LISTED:
        lines.append(f"  and {len(loaded.skipped) - _MAX_LISTED} more")
    return "\n".join(lines)


def class_names(loaded: datasets.Loaded) -> tuple[str, ...]:
    """Returns the names of the classes; their numbers where they have none."""
    numbers = tuple(map(str, range(loaded.num_classes)))
    return tuple(map(names.printable, loaded.class_names)) or numbers
