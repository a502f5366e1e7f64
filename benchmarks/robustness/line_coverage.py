"""Records which lines of the package the ordinary tests run.

    pip install -e '.[mutation]'
    pytest -n 2 --cov=keras_mpl --cov-report=json
    python -m benchmarks.robustness.line_coverage

Tests also run in processes that they start; setup.cfg counts those, too. What
TensorFlow's autograph makes of a function is another file, whose lines do not
count. It adds to `benchmarks/results/line_coverage.jsonl`, which `render.py`
reads.
"""

import collections
import json
import pathlib

from absl import app
from absl import flags

from benchmarks.common.records import Record
from benchmarks.common.records import append

NAME = "line_coverage"

_JSON = flags.DEFINE_string("json", "coverage.json", "What coverage wrote.")
_RAN = flags.DEFINE_multi_string(
    "ran", ["tests", "keras_mpl"], "Files and folders of the tests that ran."
)


def part_of(path: str) -> str:
    """Returns the part of the package that a file belongs to.

    >>> part_of("keras_mpl/trainers/mpl/student.py")
    'trainers/mpl'
    """
    _, *folders, name = pathlib.Path(path).parts
    return "/".join(folders) or name


def summed(files: dict[str, Record]) -> list[Record]:
    """Returns statements and missed ones by part of the package.

    Args:
        files: Coverage's report of each file, by its path.
    """
    statements, missed = collections.Counter[str](), collections.Counter[str]()
    for path, found in files.items():
        summary = found["summary"]
        statements[part_of(path)] += summary["num_statements"]
        missed[part_of(path)] += summary["missing_lines"]
    return [
        {"part": part, "statements": count, "missed": missed[part]}
        for part, count in sorted(statements.items())
    ]


def main(argv: list[str]) -> None:
    """Records what coverage has found."""
    del argv
    files = json.loads(pathlib.Path(_JSON.value).read_text())["files"]
    import keras_mpl
    from keras_mpl import report

    row = {
        **report.environment(keras_mpl.__version__),
        "tests": _RAN.value,
        "parts": summed(files),
        "missed_lines": {
            path: found["missing_lines"]
            for path, found in files.items()
            if found["missing_lines"]
        },
    }
    append(NAME, [row])


if __name__ == "__main__":
    app.run(main)
