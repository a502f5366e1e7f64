"""Rates of views are shared among the cores that made them."""

from benchmarks.tables import views_table


def test_rates_are_told_per_core_and_the_last_record_counts(monkeypatch):
    rates = {
        "keras_mpl": {"best": 3000, "median": 2500},
        "pillow": {"best": 700, "median": 600},
    }
    record = {
        "rates": rates,
        "cores": 2,
        "load_average": 0.5,
        "device": "CPU",
        "versions": {"tensorflow": "2", "keras": "3"},
        "commit": "c" * 40,
    }
    older = {**record, "rates": {"pipeline": {"best": 1, "median": 1}}}
    monkeypatch.setattr(views_table, "read", lambda name: [older, record])
    table = views_table.table()
    assert "mirror, crop | 3,000 | 2,500 | 1,500 |" in table
    assert "one core | 700 | 600 | 700 |" in table
    assert "`data.pair`" not in table
