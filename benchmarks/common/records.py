"""Records of the benchmarks: JSON lines, one run each, never rewritten."""

import json
import pathlib

from absl import flags

from benchmarks.common import folders

_RESULTS = flags.DEFINE_string(
    "results",
    str(folders.RESULTS),
    "Folder of the records; an empty one to measure everything anew.",
)


def read(name):
    """Returns the records of a results file, oldest first."""
    path = _folder() / f"{name}.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def append(name, rows):
    """Adds records to a results file, at once."""
    _folder().mkdir(parents=True, exist_ok=True)
    with (_folder() / f"{name}.jsonl").open("a") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def _folder():
    is_parsed = flags.FLAGS.is_parsed()
    return pathlib.Path(_RESULTS.value if is_parsed else _RESULTS.default)
