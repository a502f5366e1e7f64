"""Which trainings are made, and what becomes of them as records."""

import json

import pytest
from absl import app

from benchmarks.accuracy import length_rows
from benchmarks.common import records
from benchmarks.replication import arrays
from benchmarks.replication import collect

pytest.importorskip("jax", reason="the replication needs JAX")

from benchmarks.replication import run
from benchmarks.replication import training


def _tried(weight, accuracy, seed=100):
    job = run.Job("default", run.TUNED_AT, seed, weight, is_tuning=True)
    return {**job._asdict(), "val_accuracy": accuracy}


TRIED = [_tried(0.03, 0.5), _tried(0.1, 0.6), _tried(0.3, 0.55)]


def test_rows_lengths_and_weights_are_those_of_the_curve():
    assert set(run.ROWS) == set(length_rows.ROWS)
    assert run.LENGTHS == length_rows.LENGTHS
    assert run.WEIGHTS == length_rows.WEIGHTS["default"]
    assert run.TUNED_AT == length_rows.TUNED_AT
    assert run.TUNING_SEEDS == (length_rows.TUNING_SEED,)


def test_the_weight_is_the_best_on_validation_and_of_the_search_alone():
    assert run.chosen_weight(TRIED[:2]) is None
    assert run.chosen_weight(TRIED) == 0.1
    assert run.chosen_weight([*TRIED, _tried(0.3, 0.99, seed=101)]) == 0.1


def test_a_row_without_its_weight_waits_for_it():
    without = [j for j in run.jobs([]) if not j.is_tuning]
    assert "default" not in {j.row for j in without}
    chosen = {j.weight for j in run.jobs(TRIED) if j.row == "default"}
    assert chosen == {0.03, 0.1, 0.3}  # the search, and then the best
    planned = [j for j in run.jobs(TRIED) if not j.is_tuning]
    assert {j.weight for j in planned if j.row == "default"} == {0.1}
    assert len(set(planned)) == len(planned) == 5 * 3 * len(run.ROWS)


@pytest.fixture
def made(monkeypatch):
    """Trainings that take no time, as they are asked for."""
    asked = []

    def trained(row, length, seed, data, *, weight, is_tuning):
        asked.append((row, length, seed, weight))
        found = {
            "row": row,
            "length": length,
            "seed": seed,
            "weight": weight,
            "is_tuning": is_tuning,
            "val_accuracy": 0.5 if weight is None else weight,
            "curve": [
                {"step": length, "accuracy": 0.5, "teacher_accuracy": 0.6}
            ],
            "seconds": 1.0,
        }
        if is_tuning:
            return found
        tested = ("accuracy", "teacher_accuracy", "finetuned")
        values = zip(tested, (0.4, 0.6, 0.41), strict=True)
        more = {f"test_{name}": value for name, value in values}
        return found | more | {"val_finetuned": 0.51}

    monkeypatch.setattr(training, "trained", trained)
    monkeypatch.setattr(training, "load", lambda folder: None)
    return asked


@pytest.fixture
def started(monkeypatch, tmp_path):
    """Starts the program in a folder that was prepared."""
    origin = {"commit": "c" * 40, "dirty": False}
    (tmp_path / arrays.ORIGIN).write_text(json.dumps(origin))

    def start(*arguments):
        found = ["run", "--data", str(tmp_path), *arguments]
        monkeypatch.setattr("sys.argv", found)
        run.main()

    return start


def test_what_is_recorded_is_not_made_again(made, started, tmp_path, capsys):
    to = str(tmp_path / "rows.jsonl")
    only = ("--to", to, "--rows", "uda", "default", "--lengths", "1000")
    started(*only)
    assert len(made) == len(run.WEIGHTS) + 2 * 5
    assert ("default", 1000, 0, 0.3) in made
    capsys.readouterr()
    started(*only)
    assert len(made) == len(run.WEIGHTS) + 2 * 5
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("on ")
    assert lines[1] == "0 trainings are left to other processes"


@pytest.mark.parametrize("wrong", [("--lengths", "300"), ("--rows",)])
def test_what_can_not_be_trained_is_refused(started, wrong):
    with pytest.raises(SystemExit):
        started("--to", "rows.jsonl", *wrong)


def test_trainings_become_records_once(
    made, started, monkeypatch, tmp_path, capsys
):
    place = tmp_path / "rows.jsonl"
    monkeypatch.setattr(records, "_folder", lambda: tmp_path)
    only = ("--rows", "default", "--lengths", "1000", "--to", str(place))
    started(*only)
    for _ in range(2):
        collect.main(["collect", str(place)])
    said = capsys.readouterr().out.splitlines()
    assert said[-2:] == ["8 added; 0 have a record", "0 added; 8 have a record"]
    found = records.read(collect.NAME)
    assert [r["seed"] for r in found] == [0, 1, 2, 3, 4]
    first = found[0]
    assert first["test_accuracy"] == 0.41  # finetuned, as of the package
    assert first["val_accuracy"] == 0.51
    [stage] = first["stages"]
    assert stage["test_accuracy"] == 0.4
    assert stage["test_teacher_accuracy"] == 0.6
    assert first["curve"][0]["val_teacher_accuracy"] == 0.6
    assert "jax" in first["versions"]
    assert (first["commit"], first["dirty"]) == ("c" * 40, False)
    tuned = records.read(collect.TUNING)
    assert [r["weight"] for r in tuned] == list(run.WEIGHTS)
    assert not any("test" in key for r in tuned for key in r)
    assert all(json.dumps(r) for r in found)


@pytest.mark.parametrize("arguments", [(), ("no-such.jsonl",)])
def test_a_file_that_is_not_there_is_said(arguments):
    with pytest.raises(app.UsageError, match=r"`benchmarks\.replication\.run`"):
        collect.main(["collect", *arguments])
