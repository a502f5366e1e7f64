"""Reads a table of image paths and labels: CSV as programs really write it.

UTF-8 with or without byte order mark, UTF-16, Latin-1; commas, semicolons,
tabs; a header or none; every kind of line end. Errors name file and line.
"""

import csv
import io
import os
import unicodedata
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from keras_mpl.data import names
from keras_mpl.data.folders import walk
from keras_mpl.names import is_inside

ENDINGS = (".csv", ".tsv", ".txt")
_SEPARATORS = ",;\t|"
_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}


class Table(NamedTuple):
    """What a table says.

    Attributes:
        paths: One per image, each once.
        labels: The name of the class of each; none if not labelled.
        lines: Where each is named, such as `line 3 of labels.csv`.
        notes: What a person should know, a line each.
    """

    paths: tuple[Path, ...]
    labels: tuple[str, ...]
    lines: tuple[str, ...]
    notes: tuple[str, ...]


class _Row(NamedTuple):
    path: str
    label: str
    where: str


def read(file: Path, is_labeled: bool, allow_outside: bool) -> Table:
    """Reads a table.

    Args:
        file: The table.
        is_labeled: Whether it must have labels.
        allow_outside: Whether paths may lead out of the folder of `file`.

    Returns:
        What it says, in its order.

    Raises:
        ValueError: If columns, fields or a line end are missing, a path leads
            outside, or one path has two labels.
    """
    first: dict[Path, tuple[Path, _Row]] = {}
    repeated = 0
    for row in _rows(file, is_labeled):
        path = _path(file, row, allow_outside)
        real = Path(os.path.realpath(path))
        _, known = first.setdefault(real, (path, row))
        if is_labeled and known.label != row.label:
            raise ValueError(
                "an image must have one label. Received: "
                f"{names.printable(row.path)} is {known.label!r} in "
                f"{known.where} and {row.label!r} in {row.where}"
            )
        repeated += known is not row
    said = f"{repeated} lines name an image again, in {names.printable(file)}"
    return Table(
        tuple(path for path, _ in first.values()),
        tuple(row.label for _, row in first.values()) if is_labeled else (),
        tuple(row.where for _, row in first.values()),
        (said,) if repeated else (),
    )


def _rows(file: Path, is_labeled: bool) -> Iterator[_Row]:
    lines = list(_lines(file))
    if not lines:
        return
    needed = ("path", "label") if is_labeled else ("path",)
    columns = _columns([cell.strip() for cell in lines[0][1]], needed, file)
    is_header = columns is not None
    columns = columns or {name: i for i, name in enumerate(needed)}
    width = len(lines[0][1])
    for number, cells in lines[is_header:]:
        where = f"line {number} of {names.printable(file)}"
        if any(cell.strip() for cell in cells[width:]):
            raise ValueError(
                "a line of a CSV must have as many fields as the first; quote "
                f"a path that holds the separator. Received: {where} with "
                f"{len(cells)} of {width}"
            )
        cells = cells + [""] * (width - len(cells))
        path, *label = (cells[columns[name]].strip() for name in needed)
        if not path or not all(label):
            raise ValueError(
                "every line of a CSV must have all its fields. "
                f"Received: {where}"
            )
        yield _Row(path, "".join(label), where)


def _columns(
    header: Sequence[str], needed: Sequence[str], file: Path
) -> dict[str, int] | None:
    """Where the columns are; None if the first line names an image instead."""
    called = [cell.lower() for cell in header]
    if set(needed) <= set(called):
        return {name: called.index(name) for name in needed}
    if walk.is_image(Path(header[0])) and len(header) >= len(needed):
        return None
    raise ValueError(
        f"the first line of a CSV must name {sorted(needed)}. Received: "
        f"{names.printable(','.join(header))[:80]!r} in {names.printable(file)}"
    )


def _lines(file: Path) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not blank, with their numbers, taken apart."""
    text = _text(file)
    separator, skip = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for cells in reader:
            if reader.line_num > skip and any(map(str.strip, cells)):
                yield reader.line_num, cells
    except csv.Error as error:
        raise ValueError(
            "a CSV must be a table; is a quote not closed? Received: "
            f"line {reader.line_num} of {names.printable(file)} ({error})"
        ) from error


def _separator(text: str) -> tuple[str, int]:
    """What separates fields, and how many lines (of Excel's) only say so."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    first = first[:100_000]  # a field that is longer is refused later
    if first.lower().startswith("sep=") and len(first.rstrip("\r\n")) == 5:
        return first[4], 1
    cells = {
        one: next(csv.reader([first], delimiter=one)) for one in _SEPARATORS
    }

    def fitness(one: str) -> tuple[bool, bool, int]:
        is_header = "path" in (cell.strip().lower() for cell in cells[one])
        is_path = walk.is_image(Path(cells[one][0])) if cells[one] else False
        return is_header, is_path, len(cells[one])

    return max(_SEPARATORS, key=fitness), 0


def _text(file: Path) -> str:
    content = file.read_bytes()
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return _decoded(content, file, encoding).lstrip("\ufeff")
    head = content[:2000]
    if head.count(0) > len(head) / 4:  # UTF-16 whose mark was lost
        is_little = head[1:2] == b"\x00"
        return _decoded(content, file, f"utf-16-{'lb'[not is_little]}e")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _decoded(content: bytes, file: Path, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"a CSV must be text in UTF-8, UTF-16 or Latin-1. Received: "
            f"{names.printable(file)}, which is no {encoding} ({error.reason})"
        ) from error


def _path(file: Path, row: _Row, allow_outside: bool) -> Path:
    """The path that a line names, as the system spells it."""
    folder = file.parent
    if "\x00" in row.path:
        raise ValueError(
            "a path must not hold a character of number 0. "
            f"Received: {row.where}"
        )
    given = [row.path, row.path.replace("\\", "/")]
    spellings = [
        folder / unicodedata.normalize(form, one)
        for one in given
        for form in ("NFC", "NFD")
    ]
    candidates = [folder / row.path, *spellings]
    path = next(filter(_is_there, candidates), folder / given[1])
    if not allow_outside and not is_inside(path, folder):
        raise ValueError(
            "paths in a CSV must stay in its folder, unless "
            "`allow_outside` is true (--set data.allow_outside=true). "
            f"Received: {names.printable(row.path)} in {row.where}"
        )
    return path


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, or links in a circle
        return False
