"""Each kind is compared, seed by seed, with none and with the kind as it is."""

from benchmarks.accuracy.averaged_gradient import Cell
from benchmarks.tables import averaged_table


def test_kinds_are_compared_by_seed_and_old_settings_do_not_count(monkeypatch):
    def record(kind, seed, accuracy, on="digits_20", **changed):
        settings = list(Cell(on, kind).settings)
        keys = {"on": on, "kind": kind, "seed": seed, "accuracy": accuracy}
        return {**keys, "settings": settings, **changed}

    records = [
        record("none", 100, 0.5),
        record("none", 101, 0.6),
        record("as it is", 100, 0.6),
        record("as it is", 101, 0.8),
        record("average 0.9", 100, 0.58),
        record("average 0.9", 101, 0.8),
        record("average 0.9", 102, 0.99, settings=["train_steps=1"]),
        record("average 0.9", 100, 0.4, on="cifar10"),
    ]
    monkeypatch.setattr(averaged_table, "read", lambda name: records)
    monkeypatch.setattr(averaged_table, "where", lambda records: "here")
    lines = averaged_table.table().splitlines()
    of_average = [line for line in lines if "decay 0.9 |" in line]
    digits, cifar10 = (line.split(" | ")[2:] for line in of_average)
    assert digits == ["69.0 ± 15.6", "+14.0 (SE 6.0)", "-1.0 (SE 1.0)", "2 |"]
    assert cifar10 == ["40.0", "", "", "1 |"]
    assert "decay 0.99 (24 of 24)" in lines[-1]
    assert "no feedback (22 of 24)" in lines[-1]
