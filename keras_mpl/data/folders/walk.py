"""Which images lie in a folder, at any depth, and what else lies there.

Links are followed, but no folder is read twice. Reads no image.
"""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from keras_mpl.data import names

# Of files that Pillow reads wherever it is installed, in lower case.
ENDINGS = (
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".png",
    ".apng",
    ".webp",
    ".bmp",
    ".dib",
    ".gif",
    ".tif",
    ".tiff",
    ".pbm",
    ".pgm",
    ".ppm",
    ".pnm",
    ".tga",
    ".jp2",
    ".avif",
)

Identity = tuple[int, int]  # device and inode of a folder


class Found(NamedTuple):
    """What lies in a folder.

    Attributes:
        images: Image files by their ending, sorted.
        folders: Folders, sorted; none where they were gone through.
        ignored: How many of what else: by ending, or by what it is.
    """

    images: list[Path]
    folders: list[Path]
    ignored: Counter[str]


def is_image(path: Path) -> bool:
    """Says whether a file's ending is that of an image, in any case."""
    return path.suffix.lower() in ENDINGS


def identity(folder: Path) -> Identity:
    """Returns what two paths share that lead to one folder."""
    status = folder.stat()
    return status.st_dev, status.st_ino


def around(folder: Path) -> set[Identity]:
    """Returns a folder and all that it lies in: where circles would begin."""
    real = folder.resolve()
    return {identity(place) for place in (real, *real.parents)}


def entries(folder: Path) -> Found:
    """Looks at one folder, and into none of those in it.

    Raises:
        ValueError: If it cannot be read.
    """
    found = Found([], [], Counter())
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise ValueError(
            "the folders of the data must be readable. "
            f"Received: {names.printable(folder)} ({error.strerror})"
        ) from error
    for path in paths:
        if names.is_hidden(path.name):
            found.ignored["hidden or system"] += 1
        elif path.is_dir():
            found.folders.append(path)
        elif not path.is_file():
            kind = "broken link" if path.is_symlink() else "no regular file"
            found.ignored[kind] += 1
        elif is_image(path):
            found.images.append(path)
        else:
            ending = names.printable(path.suffix.lower())
            found.ignored[ending or "no ending"] += 1
    return found


def below(
    folder: Path,
    known: Iterable[Identity] = (),
    *,
    unread: list[tuple[str, str]] | None = None,
) -> Found:
    """Looks through a folder and all folders in it.

    Args:
        folder: Where to begin.
        known: Folders that are not entered again.
        unread: Where to note folders that cannot be read, and why.

    Raises:
        ValueError: If one of them cannot be read and there is no `unread`.
    """
    images, ignored = [], Counter[str]()
    entered, waiting = {*known, identity(folder)}, [folder]
    while waiting:
        place = waiting.pop()
        try:
            here = entries(place)
        except ValueError as error:
            if unread is None:
                raise
            reason = getattr(error.__cause__, "strerror", None) or error
            unread.append((str(place), str(reason).lower()))
            continue
        images += here.images
        ignored += here.ignored
        for inner in sorted(here.folders, key=os.path.islink):
            if identity(inner) in entered:
                ignored["link to a folder that is read anyway"] += 1
            else:
                entered.add(identity(inner))
                waiting.append(inner)
    return Found(sorted(images), [], ignored)
