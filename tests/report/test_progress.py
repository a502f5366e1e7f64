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


def test_without_a_terminal_there_is_one_line_per_evaluation(
    monkeypatch, capsys
):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    progress = report.Progress(train_steps=100, eval_every_steps=50)
    progress.on_train_begin()
    for epoch in (0, 1):
        progress.on_epoch_begin(epoch)
        progress.on_train_batch_end(49, {"student_loss": 0.5, "other": 3.0})
        progress.on_epoch_end(epoch, {"val_accuracy": 0.25})
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    shown = ["student_loss", "0.5000", "val_accuracy", "0.2500"]
    assert [line[:6] for line in lines] == [
        ["step", "50/100", *shown],
        ["step", "100/100", *shown],
    ]


@pytest.mark.parametrize("steps", [(0, 7), (1, 57)])
def test_on_a_terminal_the_bar_counts_over_all_evaluations(
    monkeypatch, capsys, steps
):
    epoch, expected = steps
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    progress = report.Progress(train_steps=100, eval_every_steps=50)
    progress.on_train_begin()
    progress.on_epoch_begin(epoch)
    progress.on_train_batch_end(6, {"student_loss": 0.5})
    out = capsys.readouterr().out
    assert f"{expected}/100" in out
    assert "student_loss: 0.5000" in out
