"""Every evaluation is recorded, and shown on a terminal or without one."""

import sys

import numpy as np
import pytest

from keras_mpl import report


def test_metrics_log_writes_steps_and_strict_json(tmp_path):
    log = report.MetricsLog(tmp_path, "a", eval_every_steps=50)
    log.on_train_begin()
    log.on_epoch_end(0, {"val_accuracy": np.float32(0.1), "val_loss": np.nan})
    log.on_epoch_end(1, {"val_accuracy": 0.25, "val_loss": 1.0})
    log.on_train_end()
    first, second = report.read_records(tmp_path)
    assert (first["recipe"], first["step"], second["step"]) == ("a", 50, 100)
    assert (first["val_accuracy"], first["val_loss"]) == (0.1, None)
    assert 0 < first["seconds"] <= second["seconds"]
    assert list((tmp_path / "tensorboard" / "a").iterdir())


def test_later_stages_go_on_counting_steps(tmp_path):
    log = report.MetricsLog(tmp_path, "a", 50, stage="finetune", first_step=300)
    log.on_train_begin()
    log.on_epoch_end(0, {"val_accuracy": 0.5})
    log.on_train_end()
    [record] = report.read_records(tmp_path)
    assert (record["stage"], record["step"]) == ("finetune", 350)


def test_a_resumed_stage_adds_the_seconds_before_the_interruption(tmp_path):
    log = report.MetricsLog(tmp_path, "a", 50)
    log.seconds = 100.0
    log.on_train_begin()
    assert 100 < log.seconds_so_far() < 110
    log.on_epoch_end(0, {})
    log.on_train_end()
    assert 100 <= report.read_records(tmp_path)[0]["seconds"] < 110


@pytest.mark.parametrize("steps", [50, 20], ids=["whole", "resumed"])
def test_a_record_has_the_steps_that_were_made(tmp_path, steps):
    log = report.MetricsLog(tmp_path, "a", 50)
    log.set_params({"steps": steps})
    log.on_train_begin()
    log.on_train_batch_end(steps - 1)
    log.on_epoch_end(0, {"val_accuracy": 0.5})
    log.on_train_batch_end(steps - 11)  # a callback has ended training here
    log.on_epoch_end(1, {"val_accuracy": 0.5})
    log.on_train_end()
    found = [record["step"] for record in report.read_records(tmp_path)]
    assert found == [50, 90]


def _epoch(progress, epoch, batches=(49,)):
    progress.on_epoch_begin(epoch)
    for batch in batches:
        progress.on_train_batch_end(
            batch, {"student_loss": 0.5, "teacher_loss": 2.0, "other": 3.0}
        )


def test_without_a_terminal_there_is_one_line_per_evaluation(
    monkeypatch, capsys
):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    progress = report.Progress(train_steps=100, eval_every_steps=50)
    progress.on_train_begin()
    for epoch in (0, 1):
        _epoch(progress, epoch)
        progress.on_epoch_end(epoch, {"val_accuracy": 0.25})
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    shown = "student_loss 0.5000 teacher_loss 2.0000 val_accuracy 0.2500"
    assert [line[:8] for line in lines] == [
        ["step", "50/100", *shown.split()],
        ["step", "100/100", *shown.split()],
    ]
    assert all(line[-1] == "s" for line in lines)


def test_a_line_has_the_steps_that_were_made(capsys):
    progress = report.Progress(100, 50, say=print, has_bar=False)
    progress.on_train_begin()
    _epoch(progress, 1, [9])
    progress.on_epoch_end(1)
    assert capsys.readouterr().out.split()[:2] == ["step", "60/100"]


@pytest.fixture(name="terminal")
def fixture_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setitem(sys.modules, "ipykernel", sys)  # live as a terminal is
    return monkeypatch


@pytest.mark.parametrize("steps", [(0, 7), (1, 57)])
def test_on_a_terminal_the_bar_counts_over_all_evaluations(
    terminal, capsys, steps
):
    epoch, expected = steps
    progress = report.Progress(train_steps=100, eval_every_steps=50)
    progress.on_train_begin()
    _epoch(progress, epoch, [6])
    out = capsys.readouterr().out
    assert f"] step {expected}/100" in out.replace("  ", " ")
    assert "loss 0.500 (teacher 2.000)" in out


def test_a_resumed_bar_goes_on_where_the_training_stands(terminal, capsys):
    progress = report.Progress(100, 50, first_step=70)
    progress.on_train_begin()
    _epoch(progress, 1, [9])
    assert "step 80/100" in capsys.readouterr().out


def test_the_bar_has_rate_and_time_left_and_stays_on_one_line(terminal, capsys):
    progress = report.Progress(
        100,
        50,
        examples_per_step=10,
        noun="images",
        seconds_left=lambda: 200.0,
    )
    progress.on_train_begin()
    _epoch(progress, 0, [9])
    first = capsys.readouterr().out
    assert "images/s" not in first  # it was compiled in that time
    assert "3 min 20 s left" in first
    _epoch(progress, 0, [19])
    out = capsys.readouterr().out
    assert "images/s" in out
    assert "\n" not in first + out
    terminal.setenv("COLUMNS", "40")
    _epoch(progress, 0, [29])
    assert len(capsys.readouterr().out.strip("\r").rstrip()) < 40
    progress.on_epoch_end(0)
    progress.on_train_end()  # wherever a callback ends it
    assert capsys.readouterr().out.endswith("\n")
