"""What the tests notice and run, as tables of docs/testing.md.

The records are those of `mutation.py` and `line_coverage.py`.
"""

import json
from typing import Any

from benchmarks.common import folders
from benchmarks.common.records import Record
from benchmarks.common.records import read
from benchmarks.tables import markdown

MUTATION, LINE_COVERAGE = "mutation", "line_coverage"
_REASONS = folders.ROOT / "benchmarks" / "robustness" / "survivors.json"


def reasons() -> dict[str, dict[str, str]]:
    """Returns why survivors are no fault, by file and change."""
    return json.loads(_REASONS.read_text())


def mutated() -> dict[str, Record]:
    """Returns the last record of each file."""
    return {r["module"]: r for r in sorted(read(MUTATION), key=_module)}


def _module(record: Record) -> str:
    return record["module"]


def _source(record: Record, script: str) -> str:
    versions = record["versions"]
    return (
        f"Python {versions['python']}, TensorFlow {versions['tensorflow']}, "
        f"Keras {versions['keras']}; commit "
        f"{(record['commit'] or 'unknown')[:10]}; "
        f"benchmarks/robustness/{script}.py."
    )


def mutation_table() -> str:
    """Mutants and how many of them the tests killed, by file."""
    records = mutated()
    counts = {
        f"`{module}`": (record["mutants"], record["killed"])
        for module, record in records.items()
        if record["mutants"]
    }
    cells = [
        (name, str(all_), str(all_ - killed), f"{100 * killed / all_:.1f} %")
        for name, (all_, killed) in _with_total(counts).items()
    ]
    titles = ("file", "mutants", "survivors", "killed")
    last = [*records.values()][-1]
    return markdown.table(titles, cells, _source(last, MUTATION))


def survivors_table() -> str:
    """Every survivor, with the reason why it is no fault."""
    known = reasons()
    rows = [
        (
            f"`{module.removeprefix('keras_mpl/')}:{survivor['line']}`",
            _as_code(survivor["change"]),
            known.get(module, {}).get(survivor["change"], "not read yet"),
        )
        for module, record in mutated().items()
        for survivor in record["survivors"]
    ]
    titles = ("where", "change that no test notices", "why")
    return markdown.table(titles, rows, left=(0, 1, 2))


def _with_total(counts: dict[str, tuple[int, int]]) -> dict[str, Any]:
    return {
        **counts,
        "**all**": tuple(map(sum, zip(*counts.values(), strict=True))),
    }


def _as_code(text: str) -> str:
    """Returns a text with backticks and bars as code in a table."""
    return f"`` {text} ``".replace("|", r"\|")


def coverage_table() -> str:
    """Statements, and those that no ordinary test runs, by part."""
    record = read(LINE_COVERAGE)[-1]
    counts = {
        part["part"]: (part["statements"], part["missed"])
        for part in record["parts"]
        if part["statements"]
    }
    cells = [
        (name, str(all_), str(missed), f"{100 - 100 * missed / all_:.1f} %")
        for name, (all_, missed) in _with_total(counts).items()
    ]
    titles = ("part", "statements", "not run", "run")
    ran = ", ".join(f"`{path}`" for path in record["tests"])
    note = f"Run by {ran}. {_source(record, LINE_COVERAGE)}"
    return markdown.table(titles, cells, note)


TESTING = {
    MUTATION: mutation_table,
    "survivors": survivors_table,
    LINE_COVERAGE: coverage_table,
}
