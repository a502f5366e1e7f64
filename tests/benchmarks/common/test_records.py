"""Records are added, never rewritten, and read in their order."""

import pytest

from benchmarks.common import folders
from benchmarks.common import records


@pytest.fixture
def folder(monkeypatch, tmp_path):
    folder = tmp_path / "results"
    monkeypatch.setattr(records, "_folder", lambda: folder)
    return folder


def test_what_has_no_records_is_empty(folder):
    assert records.read("none_yet") == []


def test_records_are_read_in_the_order_in_which_they_came(folder):
    records.append("runs", [{"seed": 0}, {"seed": 1}])
    records.append("runs", [{"seed": 2}])
    assert [row["seed"] for row in records.read("runs")] == [0, 1, 2]
    assert (folder / "runs.jsonl").read_text().count("\n") == 3


def test_records_of_the_checkout_are_read_by_default():
    assert len(records.read("two_moons")) > 100
    assert (folders.RESULTS / "two_moons.jsonl").exists()


def test_a_part_that_has_grown_large_is_followed_by_another(
    folder, monkeypatch
):
    monkeypatch.setattr(records, "LARGEST", 20)
    for seed in range(7):
        records.append("runs", [{"seed": seed}])
    assert [row["seed"] for row in records.read("runs")] == [*range(7)]
    names = sorted(path.name for path in folder.iterdir())
    assert names == [
        "runs.2.jsonl",
        "runs.3.jsonl",
        "runs.4.jsonl",
        "runs.jsonl",
    ]


def test_no_results_file_is_over_two_megabytes():
    sizes = [path.stat().st_size for path in folders.RESULTS.iterdir()]
    assert len(sizes) > 20
    assert max(sizes) < 2_000_000
