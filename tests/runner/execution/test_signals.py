"""Real processes that get real signals, or a disk that takes no more."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_mpl
from keras_mpl import cli
from keras_mpl import report

pytestmark = pytest.mark.slow

SETTINGS = (
    "train_steps=4",
    "eval_every_steps=2",
    "stages.finetune_steps=2",
    "student.warmup_steps=0",
    "teacher.warmup_steps=0",
    "unlabeled_ratio=1",
    "model=mlp_64_64",
    "baselines=",
)
SIGNAL = """
import os, signal, sys
from keras_mpl.cli import main
from keras_mpl.runner.execution import fitting

real, count = fitting.finish, 0

def finish(*arguments):
    global count
    count += 1
    if {before} and count == {number}:
        os.kill(os.getpid(), signal.{signal})
    real(*arguments)
    if not {before} and count == {number}:
        os.kill(os.getpid(), signal.{signal})

fitting.finish = finish
sys.exit(main(sys.argv[1:]))
"""
LIMIT = """
import resource, sys
from keras_mpl.cli import main

resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
sys.exit(main(sys.argv[1:]))
"""


def process(*words):
    return subprocess.run(
        [sys.executable, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(keras_mpl.__file__).parents[1]),
            "TF_DETERMINISTIC_OPS": "1",
        },
    )


def run(code, folder):
    words = [word for item in SETTINGS for word in ("--set", item)]
    return process("-c", code, "run", "digits_20", "--output", folder, *words)


def weights(folder):
    network = keras.models.load_model(folder / "student.keras", compile=False)
    return network.get_weights()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "whole"
    done = run(SIGNAL.format(before=0, number=0, signal="SIGINT"), folder)
    assert done.returncode == 0, done.stderr
    return weights(folder)


@pytest.mark.parametrize(
    ("signal", "before", "code"),
    [("SIGINT", 0, 130), ("SIGINT", 1, 130), ("SIGTERM", 0, 0)],
)
def test_a_signal_between_two_stages_loses_nothing(
    whole, tmp_path, signal, before, code
):
    folder = tmp_path / "run"
    script = SIGNAL.format(before=before, number=1, signal=signal)
    done = run(script, folder)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    if signal == "SIGINT":
        said = f"keras-mpl: interrupted; `keras-mpl resume {folder}` goes on\n"
        assert done.stderr.endswith(said)
    else:
        assert "told to end at step " in done.stdout
    assert not (folder / "result.json").exists()
    done = process("-m", "keras_mpl", "resume", folder)
    assert done.returncode == 0, done.stderr
    for ours, theirs in zip(weights(folder), whole, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    steps = [record["step"] for record in report.read_records(folder)]
    assert steps == [2, 4, 6]


def test_a_disk_that_takes_no_more_is_named_in_one_line(tmp_path):
    folder = tmp_path / "run"
    done = run(LIMIT.format(size=50_000), folder)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    line = done.stderr.splitlines()[-1]  # TensorFlow may say something before
    assert line.startswith("keras-mpl: error: ")
    assert "File too large" in line
    assert "000000002.zip" in line
    assert line.endswith(f"`keras-mpl resume {folder}` goes on")
    assert not [*folder.rglob("*.zip"), *folder.rglob("snapshot-*")]
    assert cli.main(["resume", str(folder)]) == 0
