"""The answers of a network for image files, as a table in a CSV file.

It can be read again, as a list of paths and as labels: its columns are `path`,
relative to the file where that is possible, `label` and `probability`.
"""

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from typing import TextIO

from keras_mpl import names

_HEADER = ("path", "label", "probability")
_FORMULA = ("=", "+", "-", "@", " ")  # what a spreadsheet or a reader changes


class AnswersFile:
    """A CSV file that is there when all is written; a context manager.

    Until then the answers are in a file beside it, whose name ends in
    `.partial`. After Ctrl-C they stay there.

    Args:
        path: File to write, ending in .csv. Answers that are there are
            replaced; another file is not.
        class_names: Per class; their numbers if empty.
        top: How many classes to name per image.

    Raises:
        ValueError: If the file cannot be written, or is another one.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        class_names: Sequence[str] = (),
        *,
        top: int = 1,
    ):
        self.path = Path(path)
        self.count = 0
        self._names = class_names
        self._top = top
        self._partial = self.path.with_name(self.path.name + ".partial")
        self._file: TextIO | None = None
        _check(self.path)

    def __enter__(self) -> Self:
        try:
            self._partial.unlink(missing_ok=True)
            self._file = self._partial.open(
                "x", encoding="utf-8", errors="backslashreplace", newline=""
            )
        except OSError as error:
            raise ValueError(
                "`output` must be a file that can be written. "
                f"Received: {self.path} ({error.strerror})"
            ) from error
        self._writer = csv.writer(self._file)
        more = [
            f"{name}_{number}"
            for number in range(2, self._top + 1)
            for name in _HEADER[1:]
        ]
        self._writer.writerow([*_HEADER, *more])
        return self

    def add(
        self, path: str, labels: Sequence[int], probs: Sequence[float]
    ) -> None:
        """Writes what is said of one image.

        Args:
            path: The image.
            labels: Its most probable classes, the most probable first.
            probs: Their probabilities.
        """
        cells: list[str] = [self._cell(path)]
        for label, prob in zip(labels, probs, strict=True):
            cells.append(self._names[label] if self._names else str(label))
            cells.append(f"{prob:.9g}")  # all of a float32
        self._writer.writerow(cells)
        self.count += 1

    def _cell(self, path: str) -> str:
        """The path as a reader of the file finds it."""
        folder = os.path.abspath(self.path.parent)
        whole = os.path.abspath(path)
        if not names.is_inside(whole, folder):
            return whole
        inside = os.path.relpath(whole, folder)
        return f"./{inside}" if inside.startswith(_FORMULA) else inside

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is None:
            return
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            if kind is None:
                os.replace(self._partial, self.path)
        except OSError as problem:
            self._partial.unlink(missing_ok=True)
            raise OSError(
                problem.errno, problem.strerror, str(self.path)
            ) from problem
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            raise KeyboardInterrupt(
                f"the answers for {self.count:,} images are in "
                f"{names.printable(self._partial)}"
            ) from error
        if kind is not None:
            self._partial.unlink(missing_ok=True)


def _check(path: Path) -> None:
    """Raises if the file is no CSV, or one that is no list of answers."""
    if path.suffix.lower() != ".csv" or path.is_dir():
        raise ValueError(
            f"`output` must end in .csv. Received: {names.printable(path)}"
        )
    if not path.parent.is_dir():
        raise ValueError(
            "`output` must lie in a folder that exists. "
            f"Received: {names.printable(path)}"
        )
    if not os.path.lexists(path):
        return
    head = b""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(100)
    if not head.startswith(",".join(_HEADER).encode()):
        raise ValueError(
            "`output` must be new, or answers that `keras-mpl predict` wrote. "
            f"Received: {names.printable(path)}, another file"
        )
