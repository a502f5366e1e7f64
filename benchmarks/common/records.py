"""Records of the benchmarks: JSON lines, one run each, never rewritten."""

import itertools
import json
import pathlib
from collections.abc import Iterable
from typing import Any

from absl import flags

from benchmarks.common import folders

Record = dict[str, Any]

LARGEST = 1_500_000  # bytes of a part; no file of the repository is over 2 MB

_RESULTS = flags.DEFINE_string(
    "results",
    str(folders.RESULTS),
    "Folder of the records; an empty one to measure everything anew.",
)


def read(name: str) -> list[Record]:
    """Returns the records of a results file and its parts, oldest first."""
    return [
        json.loads(line)
        for path in _parts(name)
        for line in path.read_text().splitlines()
    ]


def append(name: str, rows: Iterable[Record]) -> None:
    """Adds records to the last part of a results file, at once.

    A part that has grown to `LARGEST` is followed by a new one.
    """
    _folder().mkdir(parents=True, exist_ok=True)
    parts = _parts(name)
    path = parts[-1] if parts else _folder() / f"{name}.jsonl"
    if parts and path.stat().st_size > LARGEST:
        path = _folder() / f"{name}.{len(parts) + 1}.jsonl"
    with path.open("a") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def _parts(name: str) -> list[pathlib.Path]:
    """Returns `NAME.jsonl`, `NAME.2.jsonl` and so on, as far as they go."""
    found: list[pathlib.Path] = []
    for number in itertools.count(1):
        suffix = "" if number == 1 else f".{number}"
        path = _folder() / f"{name}{suffix}.jsonl"
        if not path.exists():
            return found
        found.append(path)
    return found


def _folder() -> pathlib.Path:
    is_parsed = flags.FLAGS.is_parsed()
    return pathlib.Path(_RESULTS.value if is_parsed else _RESULTS.default)
