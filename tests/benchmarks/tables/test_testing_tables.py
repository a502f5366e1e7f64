"""Mutants, survivors and lines are counted by file and by part."""

import pytest

from benchmarks.robustness import line_coverage
from benchmarks.tables import testing_tables

SHARED = {
    "versions": {"python": "3", "tensorflow": "2", "keras": "3"},
    "commit": "c" * 40,
}


@pytest.fixture
def mutated(monkeypatch):
    def record(module, killed, *changes):
        survivors = [{"line": 7, "change": change} for change in changes]
        return {
            **SHARED,
            "module": f"keras_mpl/{module}",
            "mutants": killed + len(changes),
            "killed": killed,
            "survivors": survivors,
        }

    records = [
        record("ema.py", 1, "f: 1 -> 2", "f: a | b -> a & b"),
        record("losses/meta.py", 4),
        record("ema.py", 3, "f: a | b -> a & b"),
    ]
    monkeypatch.setattr(testing_tables, "read", lambda name: records)


@pytest.mark.usefixtures("mutated")
def test_the_last_record_of_each_file_counts():
    table = testing_tables.mutation_table()
    assert "| `keras_mpl/ema.py` | 4 | 1 | 75.0 % |" in table
    assert "| `keras_mpl/losses/meta.py` | 4 | 0 | 100.0 % |" in table
    assert "| **all** | 8 | 1 | 87.5 % |" in table


@pytest.mark.usefixtures("mutated")
def test_every_survivor_is_named_and_what_is_not_explained_is_said():
    table = testing_tables.survivors_table()
    row = r"| `ema.py:7` | `` f: a \| b -> a & b `` | not read yet |"
    assert row in table
    assert table.count("`ema.py") == 1


def test_lines_are_summed_by_part_of_the_package(monkeypatch):
    def found(statements, missed):
        lines = {"num_statements": statements, "missing_lines": missed}
        return {"summary": lines}

    parts = line_coverage.summed(
        {
            "keras_mpl/trainers/mpl/student.py": found(10, 1),
            "keras_mpl/trainers/mpl/teacher.py": found(10, 2),
            "keras_mpl/ema.py": found(20, 0),
        }
    )
    record = {**SHARED, "parts": parts, "tests": ["tests"]}
    monkeypatch.setattr(testing_tables, "read", lambda name: [record])
    table = testing_tables.coverage_table()
    assert "| trainers/mpl | 20 | 3 | 85.0 % |" in table
    assert "| ema.py | 20 | 0 | 100.0 % |" in table
    assert "| **all** | 40 | 3 | 92.5 % |" in table
    assert "Run by `tests`." in table


def test_every_reason_is_that_of_a_survivor():
    """A reason for a change that is killed, or gone, is out of date."""
    survivors = {
        (record["module"], survivor["change"])
        for record in testing_tables.mutated().values()
        for survivor in record["survivors"]
    }
    explained = {
        (module, change)
        for module, reasons in testing_tables.reasons().items()
        for change in reasons
    }
    assert explained <= survivors
