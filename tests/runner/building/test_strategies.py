"""Strategies by name, and a run over two worker processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_mpl
from keras_mpl import cli
from keras_mpl import runner
from keras_mpl.runner.building import strategies
from keras_mpl.runner.execution import snapshots
from tests import helpers

SETTINGS = (
    "train_steps=20",
    "eval_every_steps=10",
    "student.warmup_steps=0",
    "teacher.warmup_steps=0",
    "unlabeled_ratio=2",
    "baselines=",
    "model=mlp_64_64",  # few kinks: one that flips moves weights by 1e-4
)


def test_no_strategy_is_one_device():
    strategy = runner.make_strategy()
    assert strategy.num_replicas_in_sync == 1
    assert strategies.is_chief(strategy)


@pytest.mark.distributed
def test_mirrored_parts_the_cpu():
    strategy = runner.make_strategy("mirrored:2")
    assert isinstance(strategy, tf.distribute.MirroredStrategy)
    assert strategy.num_replicas_in_sync == 2
    assert strategies.is_chief(strategy)
    assert runner.make_strategy("mirrored:2") is strategy


@pytest.mark.distributed
@pytest.mark.slow
def test_trainings_of_other_shapes_follow_each_other_in_a_process():
    for width in (2, 3, 5):
        with runner.make_strategy("mirrored:2").scope():
            layers = [
                keras.Input((helpers.FEATURES,)),
                keras.layers.Dense(width),
                keras.layers.Dense(helpers.CLASSES),
            ]
            model = keras_mpl.trainers.Supervised(keras.Sequential(layers))
            model.compile(student_optimizer="sgd", metrics=["accuracy"])
        data = helpers.repeated(helpers.fake_batch(labeled=4, unlabeled=4), 2)
        logs = model.fit(data, verbose=0).history
        assert np.isfinite(logs["student_loss"][0])


@pytest.mark.distributed
def test_slices_that_do_not_divide_a_replica_are_refused_at_once(tmp_path):
    settings = (
        "batch_size=10",
        "unlabeled_ratio=2",
        "method.microbatch_size=4",
    )
    with pytest.raises(ValueError, match=r"4, 10 examples on each of 2 repl"):
        runner.run(
            "digits_20",
            output=tmp_path / "run",
            overrides=settings,
            strategy="mirrored:2",
            verbose=0,
        )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gpu", "must be one of: none, mirrored"),
        ("mirrored:", "must be one of"),
        ("mirrored:0", "from 1 to 64 replicas"),
        ("mirrored:x", "must be one of"),
        ("mirrored:5", "before TensorFlow computes anything"),
        ("multiworker", "must find TF_CONFIG"),
        ("tpu", "must find a TPU"),
    ],
)
def test_a_strategy_that_can_not_be(name, expected, monkeypatch):
    tf.zeros([])  # TensorFlow has computed something
    for variable in ("TF_CONFIG", "SLURM_PROCID"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TPU_NAME", "local")
    with pytest.raises(ValueError, match=expected):
        runner.make_strategy(name)


def test_a_strategy_that_can_not_be_is_one_line(capsys, tmp_path):
    words = ["run", "digits_20", "--strategy", "gpu", "--output"]
    assert cli.main([*words, str(tmp_path / "run")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("task", "with_chief", "is_chief"),
    [
        (("worker", 0), False, True),
        (("worker", 1), False, False),
        (("chief", 0), True, True),
        (("worker", 0), True, False),
    ],
)
def test_one_worker_has_the_run_folder(task, with_chief, is_chief, monkeypatch):
    cluster = {"worker": ["a:1", "b:1"]}
    if with_chief:
        cluster["chief"] = ["c:1"]
    kind, index = task
    given = {"cluster": cluster, "task": {"type": kind, "index": index}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(given))

    class Strategy:
        cluster_resolver = (
            tf.distribute.cluster_resolver.TFConfigClusterResolver()
        )

    assert strategies.is_chief(Strategy()) is is_chief


def test_slurm_says_who_the_workers_are(monkeypatch):
    seen = []
    monkeypatch.delenv("TF_CONFIG", raising=False)
    for name, value in {
        "SLURM_PROCID": "1",
        "SLURM_STEP_NUM_TASKS": "2",
        "SLURM_STEP_NODELIST": "node[3-4]",
        "SLURM_STEP_TASKS_PER_NODE": "1(x2)",
        "CUDA_VISIBLE_DEVICES": "0",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        tf.distribute,
        "MultiWorkerMirroredStrategy",
        lambda cluster_resolver: seen.append(cluster_resolver),
    )
    runner.make_strategy("multiworker")
    spec = seen[0].cluster_spec().as_dict()
    assert spec == {"worker": ["node3:8888", "node4:8888"]}
    assert (seen[0].task_type, seen[0].task_id) == ("worker", 1)


def _free_ports(number):
    held = [socket.socket() for _ in range(number)]
    for one in held:
        one.bind(("localhost", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def _started(folder, environment, *words, settings=SETTINGS):
    given = [word for s in settings for word in ("--set", s)]
    words = ["run", "digits_20", *given, "--output", str(folder), *words]
    return _process(words, environment)


def _process(words, environment):
    root = Path(keras_mpl.__file__).parents[1]
    return subprocess.Popen(
        [sys.executable, "-m", "keras_mpl", *words],
        env={**os.environ, "PYTHONPATH": str(root), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _two_workers():
    workers = [f"localhost:{port}" for port in _free_ports(2)]
    tasks = [{"type": "worker", "index": index} for index in range(2)]
    return [
        {"TF_CONFIG": json.dumps({"cluster": {"worker": workers}, "task": t})}
        for t in tasks
    ]


@pytest.mark.distributed
@pytest.mark.slow
def test_two_workers_come_to_what_one_comes_to(tmp_path):
    processes = [_started(tmp_path / "one", {})]
    processes += [
        _started(tmp_path / "two", environment, "--strategy=multiworker")
        for environment in _two_workers()
    ]
    said = [process.communicate(timeout=500) for process in processes]
    assert [p.returncode for p in processes] == [0, 0, 0], said
    assert "averaged student" in said[1][0]
    assert said[2][0] == "", "only the first worker speaks"
    one, two = (
        keras.models.load_model(tmp_path / name / "student.keras").weights
        for name in ("one", "two")
    )
    for ours, theirs in zip(two, one, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)
    config = json.loads((tmp_path / "two" / "config.json").read_text())
    assert (config["strategy"], config["replicas"]) == ("multiworker", 2)


def _wait_for(path, processes):
    deadline = time.monotonic() + 400
    while not path.exists():
        assert time.monotonic() < deadline
        assert {process.poll() for process in processes} == {None}
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.distributed
@pytest.mark.parametrize("killed", [0, 1])
def test_a_worker_whose_other_one_is_killed_says_so_and_the_run_goes_on(
    tmp_path, killed
):
    folder = tmp_path / "run"
    settings = (*SETTINGS, "train_steps=4000", "eval_every_steps=50")
    processes = [
        _started(
            folder, environment, "--strategy=multiworker", settings=settings
        )
        for environment in _two_workers()
    ]
    stage = folder / "checkpoints" / "digits_20-0"
    _wait_for(stage / "000000050.zip", processes)
    processes[killed].kill()
    start = time.monotonic()
    _, err = processes[1 - killed].communicate(timeout=300)
    assert time.monotonic() - start < 60
    assert processes[1 - killed].returncode == 2
    assert "Traceback" not in err
    line = err.splitlines()[-1]
    assert line.startswith("keras-mpl: error: another worker has ended")
    assert line.endswith(f"`keras-mpl resume {folder}` on every worker goes on")
    processes[killed].communicate()
    assert snapshots.latest(stage).step >= 50
    resumed = _process(["resume", str(folder), "--strategy=none"], {})
    _wait_for(
        folder / "checkpoints" / "digits_20-0" / "000000150.zip", [resumed]
    )
    resumed.send_signal(signal.SIGTERM)
    assert "told to end" in resumed.communicate(timeout=200)[0]


@pytest.mark.slow
@pytest.mark.distributed
@pytest.mark.parametrize("told", [[1], [0, 1]], ids=["one", "both"])
def test_workers_that_are_told_to_end_do_so_at_the_same_step(tmp_path, told):
    folder = tmp_path / "run"
    settings = (*SETTINGS, "train_steps=4000", "eval_every_steps=50")
    processes = [
        _started(
            folder, environment, "--strategy=multiworker", settings=settings
        )
        for environment in _two_workers()
    ]
    _wait_for(folder / "metrics.jsonl", processes)
    for index in told:
        processes[index].send_signal(signal.SIGTERM)
    said = [process.communicate(timeout=200) for process in processes]
    assert [p.returncode for p in processes] == [0, 0], said
    assert "told to end at step" in said[0][0]
    assert said[1][0] == "", "only the first worker speaks"
    assert not (folder / "result.json").exists()
    kept = snapshots.latest(folder / "checkpoints" / "digits_20-0")
    assert f"told to end at step {kept.step}:" in said[0][0]
    assert 50 <= kept.step < 4000
