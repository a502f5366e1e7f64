"""Finds the files of a data set and their classes; decodes none of them."""

import dataclasses
import os
from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
from pathlib import Path

from keras_mpl.data import names
from keras_mpl.data.folders import table
from keras_mpl.data.folders import walk

_PARTS = frozenset(
    "train training test testing val valid validation dev unlabeled "
    "unlabelled".split()
)


@dataclasses.dataclass(frozen=True, eq=False)
class Files:
    """Image files, and what they are labelled with.

    Attributes:
        paths: One per image.
        labels: Class ids, or None where nothing is labelled.
        class_names: In order; a label is a place in it.
        lines: Per path the line of the table that names it, if a table does.
        ignored: What is no image, by ending, and how often.
        notes: What a person should know, a line each.
    """

    paths: tuple[Path, ...]
    labels: tuple[int, ...] | None
    class_names: tuple[str, ...]
    lines: tuple[str, ...] = ()
    ignored: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()


def find_files(
    path: str | os.PathLike[str],
    *,
    is_labeled: bool,
    allow_outside: bool = False,
) -> Files:
    """Lists the images of a folder or of a CSV file, in a fixed order.

    In a folder, each of its own sub-folders is a class, and images may lie
    deeper; unlabelled ones may lie anywhere. Hidden files and folders, and
    those of a system, are left out; links are followed. A CSV file has the
    columns `path`, relative to the file, and `label`. Classes are sorted; if
    all of their names are numbers, as numbers.

    Args:
        path: Folder, or CSV file.
        is_labeled: Whether labels are wanted.
        allow_outside: Whether the paths of a CSV file may lead out of the
            folder that it lies in.

    Returns:
        The files, and what was ignored.

    Raises:
        ValueError: If there is no such thing, no images are in it, a class
            has none, there are fewer than two classes, or a CSV file cannot
            be read.
    """
    root = Path(path).expanduser()
    if root.suffix.lower() in table.ENDINGS and root.is_file():
        listed = table.read(root, is_labeled, allow_outside)
        found = _Named(listed.paths, listed.labels, Counter(), listed.lines)
        notes = listed.notes
    elif root.is_dir():
        found, notes = _in_folder(root, is_labeled), ()
    else:
        raise ValueError(
            "the data must be a folder or a CSV file that exists. "
            f"Received: {names.printable(root)}"
        )
    return _numbered(root, found, notes, is_labeled)


@dataclasses.dataclass(frozen=True)
class _Named:
    """Paths and the name of the class of each; no names if not labelled."""

    paths: tuple[Path, ...]
    labels: tuple[str, ...]
    ignored: Counter[str]
    lines: tuple[str, ...] = ()


def _numbered(
    root: Path, found: _Named, notes: tuple[str, ...], is_labeled: bool
) -> Files:
    """Makes class ids of class names, and checks them."""
    said = f"; ignored: {spelled(found.ignored)}" if found.ignored else ""
    if not found.paths:
        raise ValueError(
            f"the data must hold images ({', '.join(walk.ENDINGS)}). "
            f"Received: none in {names.printable(root)}{said}"
        )
    ignored = tuple(sorted(found.ignored.items()))
    if not is_labeled:
        return Files(found.paths, None, (), found.lines, ignored, notes)
    classes = names.in_order(found.labels)
    names.check_classes(classes, root)
    if len(classes) < 2:
        raise ValueError(
            "labelled images must be of two classes or more, a folder each. "
            f"Received: {', '.join(classes)} in {names.printable(root)}"
            f"{_hint(root / classes[0])}"
        )
    for same in names.alike(classes):
        spelling = ", ".join(map(ascii, same))
        notes += (f"classes with names that are almost the same: {spelling}",)
    number = {name: i for i, name in enumerate(classes)}
    labels = tuple(number[name] for name in found.labels)
    return Files(found.paths, labels, classes, found.lines, ignored, notes)


def _hint(only: Path) -> str:
    """Says so if the folders of the classes lie one folder deeper."""
    inner = walk.entries(only).folders if only.is_dir() else []
    if len(inner) < 2:
        return ""
    return f"; {names.printable(only)} has {len(inner)} folders: is it meant?"


def spelled(ignored: Mapping[str, int]) -> str:
    """Returns in words what was ignored.

    >>> spelled({".txt": 3, "no ending": 1})
    '3 .txt, 1 no ending'
    """
    return ", ".join(f"{n:,} {kind}" for kind, n in sorted(ignored.items()))


def _in_folder(root: Path, is_labeled: bool) -> _Named:
    if not is_labeled:
        found = walk.below(root, walk.around(root))
        return _Named(tuple(found.images), (), found.ignored)
    top = walk.entries(root)
    if top.images:
        raise ValueError(
            "labelled images must lie in a folder of their class. "
            f"Received: {len(top.images)} beside the folders, first "
            f"{names.printable(top.images[0])}"
        )
    _check_folders(root, top.folders)
    known = walk.around(root) | set(map(walk.identity, top.folders))
    of_class = {
        folder.name: walk.below(folder, known) for folder in top.folders
    }
    _check_filled(root, of_class)
    paths, labels, ignored = [], [], top.ignored
    for name, found in of_class.items():
        paths += found.images
        labels += [name] * len(found.images)
        ignored = ignored + found.ignored
    return _Named(tuple(paths), tuple(labels), ignored)


def _check_folders(root: Path, folders: Iterable[Path]) -> None:
    """Raises if folders are no classes: parts of a set, links in circles."""
    called = [folder.name for folder in folders]
    if len(called) > 1 and {name.lower() for name in called} <= _PARTS:
        raise ValueError(
            "the folders of labelled images must be classes, not parts of a "
            "set; name a part, and the others as `data.test` or "
            f"`data.unlabeled`. Received: {', '.join(called)} in "
            f"{names.printable(root)}"
        )
    first = {place: "" for place in walk.around(root)}
    for folder in folders:
        place = walk.identity(folder)
        if place in first:
            other = first[place] or "the folder it lies in"
            raise ValueError(
                "every class must be a folder of its own. Received: "
                f"{names.printable(folder)}, a link to "
                f"{names.printable(other)}"
            )
        first[place] = folder.name


def _check_filled(root: Path, of_class: Mapping[str, walk.Found]) -> None:
    """Raises with the classes that have no image, if others have some."""
    empty = {name: f for name, f in of_class.items() if not f.images}
    if not empty or len(empty) == len(of_class):
        return
    said = [
        f"{names.printable(name)} ({spelled(found.ignored) or 'empty'})"
        for name, found in empty.items()
    ]
    raise ValueError(
        "every folder of a class must hold images; fill or remove it. "
        f"Received: in {names.printable(root)} none in {', '.join(said)}"
    )
