"""Each option is compared with the same seeds of its method without it."""

from benchmarks.tables import imbalance_table


def test_an_option_is_compared_with_the_same_seeds_without_it(monkeypatch):
    accuracies = {
        ("supervised", "plain"): {0: 0.5},
        ("uda", "plain"): {0: 0.7, 1: 0.8, 2: 0.1},
        ("uda", "weights"): {0: 0.73, 1: 0.81},
    }
    records = [
        {"method": method, "option": option, "seed": seed, "accuracy": value}
        for (method, option), values in accuracies.items()
        for seed, value in values.items()
    ]
    records += [
        {"method": "mpl", "option": "plain", "seed": 0, "accuracy": 0.6}
    ]
    monkeypatch.setattr(imbalance_table, "read", lambda name: records)
    monkeypatch.setattr(imbalance_table, "where", lambda records: "here")
    table = imbalance_table.table()
    assert (
        "| UDA | `class_weights=balanced` | 77.0 ± 5.7 | +2.0 (SE 1.0) |"
        in table
    )
    assert "| labels alone |  | 50.0 |  |" in table
    assert "| Meta Pseudo Labels | both |  |  |" in table
