"""An interrupted run goes on where it was, and ends as it would have ended."""

import json
import os
import signal
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import cli
from keras_mpl import recipes
from keras_mpl import report
from keras_mpl import runner
from keras_mpl import trainers
from keras_mpl.runner.building import stages
from keras_mpl.runner.building import strategies
from keras_mpl.runner.execution import fitting
from keras_mpl.runner.execution import jobs
from keras_mpl.runner.execution import locks
from keras_mpl.runner.execution import preemption
from keras_mpl.runner.execution import snapshots
from tests import helpers

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


class At(keras.callbacks.Callback):
    """Ends a training at a step, and may tell the process to end there."""

    def __init__(self, step, *, tells=False, ends=True):
        super().__init__()
        self._step = step
        self._tells = tells
        self._ends = ends

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.step.value) == self._step:
            self.model.stop_training |= self._ends
            if self._tells:
                os.kill(os.getpid(), signal.SIGTERM)


class AtEvaluation(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = True


class Same:
    """One batch again and again."""

    steps_per_epoch = 12

    def batches(self, first_step=0):
        return tf.data.Dataset.from_tensors(helpers.fake_batch()).repeat()


def stage(name, steps, per_call=1):
    model = trainers.Supervised(helpers.tiny_net(), seed=0)
    model.compile(
        student_optimizer=keras.optimizers.SGD(0.1),
        metrics=["accuracy"],
        steps_per_execution=per_call,
    )
    exam = np.zeros((2, helpers.FEATURES)), np.zeros(2, int)
    loaded = types.SimpleNamespace(
        validation=lambda: exam, part=lambda name: exam
    )
    data = stages.StageData(loaded, Same())
    return stages.Stage(name, model, lambda folder: data, steps)


def steps_of_stage(folder, callback=None, per_call=1):
    """Trains a stage of 12 steps that is evaluated every 4 ones.

    It goes on from a snapshot if there is one.

    Returns:
        The steps of its records, and of its model.
    """
    trained = stage("train", 12, per_call)
    if snapshot := snapshots.latest(folder / "kept"):
        snapshots.restore(trained.model, snapshot)
    with preemption.watch_for_sigterm(tf.distribute.get_strategy()) as notice:
        fitting.train(
            trained,
            trained.make_data(folder),
            snapshot,
            every=4,
            folder=folder / "kept",
            notice=notice,
            log=report.MetricsLog(folder, "a", 4),
            callbacks=[callback] if callback else [],
        )
    steps = [record["step"] for record in report.read_records(folder)]
    return steps, int(trained.model.step.value)


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


@pytest.mark.slow
@pytest.mark.parametrize(
    "step",
    [
        pytest.param(1, id="within an epoch"),
        pytest.param(2, id="at its end"),
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


@pytest.mark.parametrize(
    "per_call", [pytest.param(1, marks=pytest.mark.slow), 2]
)
def test_a_callback_ends_a_stage_at_the_step_that_is_recorded(
    tmp_path, per_call
):
    found = steps_of_stage(tmp_path, At(6), per_call=per_call)
    assert found == ([4, 6], 6)


def test_the_first_stop_of_a_resumed_stage_holds(tmp_path):
    with pytest.raises(preemption.Preempted):
        steps_of_stage(tmp_path, At(2, tells=True, ends=False))
    assert steps_of_stage(tmp_path, AtEvaluation()) == ([4], 4)


@pytest.mark.parametrize("step", [2, 4], ids=["within", "at its end"])
def test_a_stage_that_a_callback_ended_is_not_trained_further(tmp_path, step):
    with pytest.raises(preemption.Preempted):
        steps_of_stage(tmp_path, At(step, tells=True))
    assert steps_of_stage(tmp_path) == ([step], step)


class Restores(keras.callbacks.Callback):
    """Puts back what was there at the first evaluation, as Keras' does."""

    def __init__(self, *, at, ends):
        super().__init__()
        self._at = at
        self._ends = ends
        self._best = None

    def on_epoch_end(self, epoch, logs=None):
        self._best = self._best or self.model.get_weights()
        if epoch == self._at:
            self.model.stop_training = self._ends
            os.kill(os.getpid(), signal.SIGTERM)

    def on_train_end(self, logs=None):
        self.model.set_weights(self._best)


@pytest.mark.parametrize(("at", "ends"), [(1, True), (2, False)])
def test_weights_that_were_put_back_at_the_end_stay(tmp_path, at, ends):
    with pytest.raises(preemption.Preempted):
        steps_of_stage(tmp_path, Restores(at=at, ends=ends))
    steps = [4 * n for n in range(1, at + 2)]
    assert steps_of_stage(tmp_path) == (steps, 4)
    assert fitting.has_ended(snapshots.latest(tmp_path / "kept"))


def test_a_later_stage_goes_on_counting_where_a_callback_ended(
    tmp_path, monkeypatch
):
    said = {"": np.zeros(2, int)}
    monkeypatch.setattr(jobs, "_answers", lambda *_: said)
    changes = "train_steps=12", "eval_every_steps=4", "stages.finetune_steps=4"
    recipe = recipes.override(
        recipes.find("digits_20"),
        ("method=supervised", "student.warmup_steps=0", *changes),
    )
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "lock").touch()
    kept = [None, None]
    for _ in range(2):  # at first, and with a first stage that is finished
        job = stages.Job(recipe, [stage("train", 12), stage("finetune", 4)])
        with preemption.watch_for_sigterm(
            tf.distribute.get_strategy()
        ) as notice:
            jobs._train(job, kept, tmp_path, notice, None, [[At(6)], []])
        steps = [record["step"] for record in report.read_records(tmp_path)]
        assert steps == [4, 6, 10]
        place = fitting.snapshot_folder(tmp_path, recipe, 0)
        kept = [snapshots.latest(place), None]


@pytest.mark.slow
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


@pytest.mark.slow
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
