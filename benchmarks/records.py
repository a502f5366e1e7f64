"""Records of the benchmarks: JSON lines, one run each, never rewritten."""

import json
import pathlib

RESULTS = pathlib.Path(__file__).parent / "results"


def read(name):
    """Returns the records of a results file, oldest first."""
    path = RESULTS / f"{name}.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def append(name, rows):
    """Adds records to a results file, at once."""
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / f"{name}.jsonl").open("a") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
