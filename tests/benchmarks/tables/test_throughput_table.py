"""Steps are compared within a run, and drawn over the ratio."""

import pytest

from benchmarks.common import folders
from benchmarks.speed import throughput
from benchmarks.tables import throughput_table


def row(run, ratio, seconds, **fields):
    """A record; `fields` are those of its `Case`."""
    case = throughput.Case(
        **{"library": "keras_mpl", "feedback": "soft", **fields},
        model="wrn_28_2",
        precision="float32",
        batch_size=16,
        ratio=ratio,
    )
    ready = {"first_step_seconds": 20.0, "torch": None}
    if case.library == "torch":
        ready["torch"] = "2.0"
    answers = [
        {
            "seconds": [one],
            "cpu_seconds": [one],
            "peak_mebibytes": 1000 * ratio,
            "peak_less_start_mebibytes": 900,
        }
        for one in seconds
    ]
    layer = [32, 3, 16, 3, 1]
    peak = {
        "layers": [layer],
        "rates": [[layer, d, 1e9] for d in throughput.convolutions.DIRECTIONS],
        "matmul": 1e9,
        "environment": {
            "device": "CPU",
            "versions": {"tensorflow": "2", "keras": "3"},
            "commit": "c" * 40,
            "onednn": True,
        },
    }
    return {"run": run, **throughput.record(case, ready, answers, peak)}


@pytest.fixture
def records(monkeypatch):
    rows = [
        row("old", 7, [99.0, 99.0]),
        row("new", 7, [3.0, 12.0]),
        row("new", 7, [2.0, 8.0], feedback="finite_difference"),
        row("new", 7, [4.0, 16.0], library="torch", layout="channels last"),
        row("new", 7, [5.0, 20.0], library="torch", layout="channels first"),
    ]
    monkeypatch.setattr(throughput_table, "read", lambda name: rows)
    return rows


def cells(table, start):
    [line] = [one for one in table.splitlines() if one.startswith(start)]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_step_is_compared_with_the_better_layout_of_its_run(records):
    table = throughput_table.table()
    assert "99" not in table
    assert "](benchmarks/figures" not in table  # of one ratio nothing is drawn
    assert cells(table, "| **ours**, `soft`")[1:5] == [
        "7.5",
        "32",
        "0.75",
        "1.50",
    ]
    assert cells(table, "| **ours**, `fin")[3:5] == ["0.50", "1"]
    assert cells(table, "| PyTorch, channels last")[3:5] == ["1", ""]
    assert cells(table, "| PyTorch, channels first")[3] == "1.25"
    assert "`wrn_28_2`, 16 + 112 images of 32 x 32, float32" in table
    assert "PyTorch 2.0" in table


def test_several_ratios_are_drawn(records, monkeypatch, tmp_path):
    records.append(row("wide", 15, [6.0, 24.0]))
    monkeypatch.setattr(folders, "FIGURES", tmp_path)
    table = throughput_table.table()
    assert "](benchmarks/figures/throughput.png)" in table
    assert (tmp_path / "throughput.png").stat().st_size > 1000
