"""Counts and figures of docs/trust.md are those of the records."""

from benchmarks.robustness import held
from benchmarks.tables import trust_tables

ABOUT = {
    "device": "CPU",
    "versions": {"tensorflow": "2", "keras": "3"},
    "commit": "c" * 40,
}


def given(monkeypatch, *records):
    made = [{**ABOUT, **record} for record in records]
    monkeypatch.setattr(trust_tables, "read", lambda name: made)


def test_executions_and_findings_add_up(monkeypatch):
    by_target = {"recipe accepted": 3, "recipe refused": 1000}
    one = {"minutes": 30, "cpu_minutes": 2, "by_target": by_target}
    found = {"target": "recipe", "error": "KeyError: x", "place": "a.py:1"}
    later = {**one, "by_target": {"recipe finding": 2}, "found": [found]}
    given(monkeypatch, {**one, "found": []}, later)
    table = trust_tables.fuzz_table()
    assert "| a recipe from JSON | 1,005 | 3 | 1,000 | 1 |" in table
    assert "60 minutes" in table
    assert "gave 4.0" in table


def counts(number, **changes):
    one = {"memory_mib": 900.0, "threads": 30, "open_files": 20}
    one |= {"seconds": 60.0 * number, "step": 10 * number}
    return {**one, "cpu_seconds": 5.0 * number, **changes}


def test_what_a_process_holds_is_shown_in_three_parts(monkeypatch):
    made = [counts(n, memory_mib=900.0 + n) for n in range(121)]
    record = {
        **held.summary(made),
        **{"recipe": "r", "evaluations": 24, "reports": 60},
        "snapshots_on_disk": 2,
    }
    given(monkeypatch, record)
    table = trust_tables.soak_table()
    assert "+60.0 MiB an hour" in table
    assert "| open files | 20 | 20 | 20 |" in table
    assert "| processor ms of a step | 500.0 | 500.0 | 500.0 |" in table
    first, _, last = (record["parts"][name] for name in held.PARTS)
    assert first["memory_mib"] < last["memory_mib"]


def test_equal_runs_are_said_to_be_equal(monkeypatch):
    row = {"strategy": "none", "deterministic": True, "repeats": 5, "equal": 5}
    row |= {"largest_difference": 0.0, "points": 0.0}
    apart = {**row, "deterministic": False, "equal": 1, "points": 1.25}
    apart["largest_difference"] = 2e-3
    record = {"rows": [row, apart], "recipe": "r"}
    given(monkeypatch, {**record, "overrides": ["train_steps=60"]})
    table = trust_tables.repeats_table()
    assert "`--deterministic` | 5 | 5 | 0, bit for bit | 0.0 |" in table
    assert "as they are | 5 | 1 | 2e-03 | 1.2 |" in table
