"""Deterministic runs end equal, and do not read a clock on the way."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_mpl
from keras_mpl.runner.building import determinism
from keras_mpl.runner.execution import waiting

SETTINGS = (
    "train_steps=4",
    "eval_every_steps=2",
    "student.warmup_steps=0",
    "teacher.warmup_steps=0",
    "unlabeled_ratio=1",
    "baselines=",
)


class Source:
    def batches(self, first_step=0):
        return tf.data.Dataset.range(3)


def test_nothing_is_required_unless_it_is_asked_for():
    determinism.require(False)
    assert not determinism.is_required()


@pytest.mark.parametrize("is_deterministic", [False, True])
def test_waiting_is_measured_where_a_clock_may_be_read(
    monkeypatch, is_deterministic
):
    monkeypatch.setattr(determinism, "is_required", lambda: is_deterministic)
    source = Source()
    batches, callbacks = waiting.measured(source, tf.distribute.get_strategy())
    assert (batches is source) == is_deterministic
    assert len(callbacks) == (not is_deterministic)
    assert len(list(batches.batches())) == 3


def process(recipe, folder, *words):
    words += tuple(word for item in SETTINGS for word in ("--set", item))
    start = (sys.executable, "-m", "keras_mpl", "run", recipe)
    done = subprocess.run(
        [*start, "--deterministic", "--output", str(folder), *words],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(keras_mpl.__file__).parents[1]),
        },
    )
    assert done.returncode == 0, done.stderr
    return keras.models.load_model(folder / "student.keras", compile=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ("digits_20", ("--set", "model=mlp_64_64")),
        ("topics_20", ("--strategy", "mirrored:2")),
    ],
)
def test_two_deterministic_runs_end_equal(tmp_path, recipe, words):
    first, second = (
        process(recipe, tmp_path / name, *words).get_weights() for name in "ab"
    )
    for ours, theirs in zip(first, second, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    config = json.loads((tmp_path / "a" / "config.json").read_text())
    assert config["deterministic"] is True
    assert "--deterministic" in (tmp_path / "a" / "report.md").read_text()
