"""Records of the benchmarks: JSON lines, one run each, never rewritten."""

import json
import pathlib
from collections.abc import Iterable
from typing import Any

from absl import flags

from benchmarks.common import folders

Record = dict[str, Any]

_RESULTS = flags.DEFINE_string(
    "results",
    str(folders.RESULTS),
    "Folder of the records; an empty one to measure everything anew.",
)


def read(name: str) -> list[Record]:
    """Returns the records of a results file, oldest first."""
    path = _folder() / f"{name}.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def append(name: str, rows: Iterable[Record]) -> None:
    """Adds records to a results file and writes them at once."""
    _folder().mkdir(parents=True, exist_ok=True)
    with (_folder() / f"{name}.jsonl").open("a") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def _folder() -> pathlib.Path:
    is_parsed = flags.FLAGS.is_parsed()
    return pathlib.Path(_RESULTS.value if is_parsed else _RESULTS.default)
