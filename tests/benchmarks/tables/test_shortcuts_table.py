"""Cheaper steps are compared with their own row, seed by seed."""

from benchmarks.accuracy import shortcuts
from benchmarks.tables import shortcuts_table


def test_each_row_is_compared_with_the_same_seeds_of_its_own(monkeypatch):
    def record(recipe, weak_view, every, seed, accuracy):
        return {
            "recipe": recipe,
            "weak_view": weak_view,
            "every": every,
            "seed": seed,
            "accuracy": accuracy,
        }

    records = [
        record("digits_20", "joint", 1, 0, 0.90),
        record("digits_20", "joint", 1, 1, 0.80),
        record("digits_20", "joint", 1, 2, 0.10),  # no other row has it
        record("digits_20", "apart", 1, 0, 0.93),
        record("digits_20", "apart", 1, 1, 0.81),
        record("digits_20_uda", "joint", 1, 0, 0.50),
    ]
    monkeypatch.setattr(shortcuts_table, "read", lambda name: records)
    monkeypatch.setattr(shortcuts_table, "where", lambda records: "here")
    table = shortcuts_table.table()
    assert (
        "| Meta Pseudo Labels, weak view apart | 87.0 ± 8.5 | +2.0 (SE 1.0) |"
        in table
    )
    assert "| UDA | 50.0 |  |" in table
    assert table.count("\n| ") >= len(list(shortcuts.rows()))
