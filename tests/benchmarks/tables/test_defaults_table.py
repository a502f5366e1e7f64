"""The defaults are compared with labels alone, seed by seed."""

from benchmarks.accuracy import short_defaults
from benchmarks.tables import defaults_table


def record(row, seed, accuracy, **changes):
    settings = list(short_defaults.settings("topics", row, 100))
    return {
        "set": "topics",
        "row": row,
        "steps": 100,
        "seed": seed,
        "accuracy": accuracy,
        "settings": settings,
        **changes,
    }


def test_a_row_is_compared_with_labels_alone_seed_by_seed(monkeypatch):
    records = [
        record("supervised", 0, 0.70),
        record("supervised", 1, 0.80),
        record("before", 0, 0.60),
        record("before", 1, 0.72),
        record("alike", 1, 0.81),
        record("now", 0, 0.73),
        record("now", 1, 0.84),
        record("now", 2, 0.0, settings=["method.temperature=3"]),  # stale
    ]
    monkeypatch.setattr(defaults_table, "read", lambda name: records)
    monkeypatch.setattr(defaults_table, "where", lambda records: "here")
    [line] = [
        line
        for line in defaults_table.table().splitlines()
        if line.startswith("| short texts")
    ]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells == [
        "short texts, 20 labels, 100 steps",
        "75.0 ± 7.1",
        "78.5 ± 7.8",
        "-9.0 (SE 1.0)",
        "",
        "+3.5 (SE 0.5)",
        "2, 2",
    ]
