"""The images that a person means by files, folders, patterns and tables.

In folders and patterns the same files are images, and the same are ignored, as
where a data set is made of a folder. Reads no image.
"""

import glob
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from keras_mpl.data import names
from keras_mpl.data.folders import table
from keras_mpl.data.folders import walk
from keras_mpl.data.folders.finding import spelled


class Given(NamedTuple):
    """What was found.

    Attributes:
        paths: Of the images, in the order in which they were given.
        missing: What names no image or cannot be read, and why.
        ignored: What is no image in the folders, by ending, and how often.
    """

    paths: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]
    ignored: dict[str, int]


class _Finder:
    """Collects images; those of folders, patterns and tables once."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.missing: list[tuple[str, str]] = []
        self.ignored = Counter[str]()
        self._known: set[str] = set()

    def add(self, paths: Iterable[str], *, again: bool = False) -> None:
        for path in paths:
            place = os.path.abspath(path)
            if again or place not in self._known:
                self.paths.append(path)
                self._known.add(place)

    def take(self, word: str) -> None:
        """Takes one word of a command line."""
        path = Path(word)
        try:
            if path.is_dir():
                self._folder(path)
            elif path.suffix.lower() in table.ENDINGS and path.is_file():
                read = table.read(path, is_labeled=False, allow_outside=True)
                self.add(map(str, read.paths))
            elif os.path.lexists(word) or not glob.has_magic(word):
                self.add([word], again=True)
            else:
                self._pattern(word)
        except (OSError, ValueError) as error:
            self.missing.append((word, names.printable(error)))

    def _folder(self, path: Path) -> None:
        before = len(self.missing)
        found = self._below(path)
        if not found.images and len(self.missing) == before:
            others = spelled(found.ignored)
            raise ValueError(
                "no image in it" + (f", but {others}" if others else "")
            )

    def _below(self, path: Path) -> walk.Found:
        found = walk.below(path, walk.around(path), unread=self.missing)
        self.ignored += found.ignored
        self.add(map(str, found.images))
        return found

    def _pattern(self, pattern: str) -> None:
        hidden = set(filter(names.is_hidden, Path(pattern).parts))
        matches, count = names.matching(pattern, recursive=True), 0
        folders: set[Path] = set()  # what lies in them was counted with them
        for match in matches:
            path = Path(match)
            if folders and not folders.isdisjoint(path.parents):
                continue
            is_folder = path.is_dir()
            if is_folder:
                folders.add(path)
            parts = {*filter(names.is_hidden, path.parts)} - hidden
            if parts - {"..", "."}:
                self.ignored["hidden or system"] += 1
            elif is_folder:
                count += len(self._below(path).images)
            elif walk.is_image(path):
                self.add([match])
                count += 1
            else:
                ending = names.printable(path.suffix.lower())
                self.ignored[ending or "no ending"] += 1
        if not count:
            raise ValueError("no image has a name of this pattern")


def find_given(words: Iterable[str | os.PathLike[str]]) -> Given:
    """Lists the images that files, folders, patterns and tables name.

    Args:
        words: Each a file, which is taken whatever its ending; a folder,
            whose images may lie at any depth; a pattern such as `"a/*.jpg"`
            or `"a/**/*.jpg"`; or a table (.csv, .tsv, .txt) with a column
            `path`, relative to the table.

    Returns:
        The images. One that folders, patterns or tables name again is taken
        once.
    """
    finder = _Finder()
    for word in words:
        given = os.fspath(word)
        is_there = os.path.lexists(given)
        finder.take(given if is_there else os.path.expanduser(given))
    ignored = dict(sorted(finder.ignored.items()))
    return Given(tuple(finder.paths), tuple(finder.missing), ignored)
