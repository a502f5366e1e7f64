"""Kills are counted by strategy, and what was lost."""

from benchmarks.tables import launch_tables


def test_survivals_are_counted_by_strategy(monkeypatch):
    kill = {"was_new": True, "moment": "late"}  # as older records have it
    early = {**kill, "was_new": False, "signal": "SIGTERM"}
    end = {**kill, "moment": "boundary", "signal": "SIGINT"}
    run = {"failed": "", "largest_difference": 0.0, "metrics_are_equal": True}
    lost = {
        "failed": "exit code 1",
        "largest_difference": None,
        "metrics_are_equal": False,
    }
    runs = [{**run, "kills": [kill, early, end]}, {**lost, "kills": [kill]}]
    shared = {
        "recipe": "topics_20",
        "device": "CPU",
        "versions": {"tensorflow": "2", "keras": "3"},
        "commit": "c" * 40,
        "load": 4.2,
    }
    given = [("mirrored:2", [{**run, "kills": [kill]}])]
    given += [("none", [one]) for one in runs]
    records = [{"strategy": n, "runs": r, **shared} for n, r in given]
    records[0]["recipe"] = "digits_20"
    monkeypatch.setattr(launch_tables, "read", lambda name: records)
    table = launch_tables.survival_table()
    found = table.splitlines()
    assert found[2] == (
        "| one device | 2 | 1 | 1 | 1 | 1 | 2 | 1 | 0, bit for bit | differ |"
    )
    assert found[3] == (
        "| two mirrored replicas | 1 | 0 | 0 | 0 | 0 | 1 | 0 "
        "| 0, bit for bit | equal |"
    )
    assert "`digits_20`, `topics_20`, after one baseline each" in table
