"""An interrupted run goes on where it was, and ends as it would have ended."""

import json
import os
import signal

import keras
import numpy as np
import pytest

from keras_mpl import cli
from keras_mpl import report
from keras_mpl import runner
from keras_mpl.runner.building import strategies
from keras_mpl.runner.execution import fitting
from keras_mpl.runner.execution import locks
from keras_mpl.runner.execution import snapshots

SETTINGS = (
    "train_steps=6",
    "eval_every_steps=3",
    "stages.finetune_steps=3",
    "student.warmup_steps=0",
    "teacher.warmup_steps=0",
    "unlabeled_ratio=2",
    "model=mlp_64_64",
    "baselines=digits_20_none",
)
WRITES = 2 * (2 + 1 + 1 + 1)  # two recipes; evaluations and ends of two stages


class Killed(BaseException):
    """In the place of a kill: nothing after it is executed."""


def start(folder, **options):
    return runner.run(
        "digits_20",
        output=folder,
        seed=5,
        overrides=SETTINGS,
        verbose=0,
        **options,
    )


TIMES = ("seconds", "data_wait_fraction")


def came_to(result):
    """All that a run says, but for how long it took."""
    weights = keras.models.load_model(result.folder / "student.keras").weights
    rows = [_timeless(row) for row in result.rows]
    lines = [_timeless(r) for r in report.read_records(result.folder)]
    return [w.numpy() for w in weights], rows, lines


def _timeless(value):
    if isinstance(value, dict):
        return {k: _timeless(v) for k, v in value.items() if k not in TIMES}
    return [*map(_timeless, value)] if isinstance(value, list) else value


def assert_equal(found, expected, atol=0.0):
    for ours, theirs in zip(found[0], expected[0], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=atol)
    assert [r["recipe"] for r in found[1]] == [r["recipe"] for r in expected[1]]
    assert [(r["recipe"], r["stage"], r["step"]) for r in found[2]] == [
        (r["recipe"], r["stage"], r["step"]) for r in expected[2]
    ]
    if not atol:
        assert found[1:] == expected[1:]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return came_to(start(tmp_path_factory.mktemp("runs") / "whole"))


def killed(folder, monkeypatch, *, write, after):
    """Runs until a certain snapshot, and dies before or after it."""
    real, count = snapshots.write, 0

    def dying(*arguments):
        nonlocal count
        count += 1
        if count == write and not after:
            raise Killed
        path = real(*arguments)
        if count == write:
            raise Killed
        return path

    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "write", dying)
        with pytest.raises(Killed):
            start(folder)


@pytest.mark.parametrize(
    ("write", "after"),
    [
        (3, True),
        *(
            pytest.param(write, after, marks=pytest.mark.slow)
            for write in range(2, WRITES + 1, 2)
            for after in (False, True)
        ),
    ],
)
def test_a_killed_run_ends_as_an_uninterrupted_one(
    whole, tmp_path, monkeypatch, write, after
):
    folder = tmp_path / "run"
    killed(folder, monkeypatch, write=write, after=after)
    assert not (folder / "result.json").exists()
    assert_equal(came_to(runner.resume(folder, verbose=0)), whole)
    assert not (folder / "checkpoints").exists()


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(1, id="within an epoch"),
        pytest.param(2, id="at its end", marks=pytest.mark.slow),
    ],
)
def test_a_run_that_is_told_to_end_keeps_every_step(
    whole, tmp_path, monkeypatch, caplog, step
):
    def tell(keeper, batch, logs=None):
        if int(keeper.model.step.value) == step:
            os.kill(os.getpid(), signal.SIGTERM)

    folder, before = tmp_path / "run", signal.getsignal(signal.SIGTERM)
    with monkeypatch.context() as patch:
        patch.setattr(
            fitting._Checkpointing, "on_train_batch_begin", tell, raising=False
        )
        with (
            caplog.at_level("INFO", "keras_mpl"),
            pytest.raises(SystemExit) as ended,
        ):
            start(folder)
    assert ended.value.code == 0
    assert signal.getsignal(signal.SIGTERM) is before
    assert f"told to end at step {step + 1}" in caplog.text
    kept = snapshots.latest(folder / "checkpoints" / "digits_20_none-0")
    assert kept.step == step + 1
    assert_equal(came_to(runner.resume(folder, verbose=0)), whole)


def test_a_torn_snapshot_is_passed_over(whole, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    killed(folder, monkeypatch, write=2, after=True)
    place = folder / "checkpoints" / "digits_20_none-0"
    first, second = sorted(place.glob("*.zip"))
    second.write_bytes(second.read_bytes()[:-200])
    assert snapshots.latest(place).step == int(first.stem) == 3
    torn = bytearray(first.read_bytes())
    torn[len(torn) // 2] ^= 1
    (place / "000000005.zip").write_bytes(torn)
    assert snapshots.latest(place).step == 3
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"recipe": "digits_2')
    assert_equal(came_to(runner.resume(folder, verbose=0)), whole)


def test_what_can_not_be_resumed_is_said_in_one_line(tmp_path, capsys):
    assert cli.main(["resume", str(tmp_path)]) == 2
    assert "config.json" in capsys.readouterr().err
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "result.json").write_text("{}")
    assert cli.main(["resume", str(tmp_path)]) == 2
    assert "must be an unfinished run" in capsys.readouterr().err


def test_a_run_at_work_is_not_resumed_by_another(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "run"
    killed(folder, monkeypatch, write=1, after=False)
    with locks.locked(folder):
        assert cli.main(["resume", str(folder)]) == 2
        said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "must not be at work elsewhere" in said
    assert f"which process {os.getpid()} on" in said
    (folder / "checkpoints" / "lock").write_text("process 1 on a dead machine")
    with locks.locked(folder):
        assert str(os.getpid()) in (folder / "checkpoints" / "lock").read_text()


@pytest.mark.slow
def test_a_run_killed_as_it_began_begins_anew(whole, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "config.json.partial").write_text('{"rec')
    with pytest.raises(ValueError, match="begins anew by `keras-mpl run`"):
        runner.resume(folder)
    assert_equal(came_to(start(folder)), whole)


@pytest.mark.slow
def test_a_run_killed_after_its_config_alone_goes_on(
    whole, tmp_path, monkeypatch
):
    folder = tmp_path / "run"
    killed(folder, monkeypatch, write=1, after=False)
    (folder / "split.json").write_text('{"na')
    assert_equal(came_to(runner.resume(folder, verbose=0)), whole)
    assert json.loads((folder / "split.json").read_text())["fingerprint"]


@pytest.mark.slow
def test_a_worker_without_the_folder_resumes_and_leaves_it_alone(
    whole, tmp_path, monkeypatch
):
    folder = tmp_path / "run"
    killed(folder, monkeypatch, write=WRITES // 2 + 1, after=True)
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    monkeypatch.setattr(strategies, "is_chief", lambda _: False)
    result = runner.resume(folder, verbose=0)
    assert _timeless(list(result.rows)) == whole[1]
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before


@pytest.mark.distributed
@pytest.mark.slow
def test_a_snapshot_of_two_replicas_goes_on_with_one(
    whole, tmp_path, monkeypatch
):
    folder, real = tmp_path / "run", snapshots.write

    def dying(*arguments):
        path = real(*arguments)
        raise Killed(path)

    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "write", dying)
        with pytest.raises(Killed):
            start(folder, strategy="mirrored:2")
    config = report.read_json(folder, "config.json")
    assert (config["strategy"], config["replicas"]) == ("mirrored:2", 2)
    found = came_to(runner.resume(folder, strategy="none", verbose=0))
    assert_equal(found, whole, atol=1e-5)


@pytest.mark.distributed
@pytest.mark.slow
def test_two_replicas_come_to_what_one_comes_to(whole, tmp_path):
    found = came_to(start(tmp_path / "run", strategy="mirrored:2"))
    assert_equal(found, whole, atol=1e-5)
