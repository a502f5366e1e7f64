"""What travels to a GPU is complete, and needs neither TensorFlow nor us."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from benchmarks.replication import arrays
from benchmarks.replication import prepare
from keras_mpl import models

ALONE = """
import sys
for name in ("tensorflow", "keras", "keras_mpl"):
    sys.modules[name] = None  # importing it now raises ImportError
from benchmarks.replication import run
print(run.__file__)
"""


def test_the_programs_run_by_themselves(tmp_path):
    pytest.importorskip("jax", reason="the replication needs JAX")
    prepare.write_programs(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", ALONE],
        cwd=tmp_path,
        env={"PYTHONPATH": str(pathlib.Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(str(tmp_path))  # and not the checkout's
    origin = json.loads((tmp_path / arrays.ORIGIN).read_text())
    assert origin.keys() == {"commit", "dirty"}


def test_pictures_of_many_images_are_taken_apart_again(tmp_path):
    draws = np.random.default_rng(0)
    images = draws.integers(0, 256, (100, 32, 32, 3)).astype(np.uint8)
    picture = arrays.mosaic(images)
    assert picture.shape == (64, 1600, 3)
    np.testing.assert_array_equal(arrays.tiles(picture), images)


def test_images_are_written_without_loss_and_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "PER_FILE", 100)
    draws = np.random.default_rng(0)
    images = draws.integers(0, 256, (300, 32, 32, 3)).astype(np.uint8)
    prepare.write_images(images, tmp_path, "train")
    assert len(list(tmp_path.iterdir())) == 3
    found = arrays.images(tmp_path, "train", 300)
    np.testing.assert_array_equal(found, images)


def test_weights_are_named_by_layer():
    named = prepare.weights(models.create("wrn_10_1", num_classes=10))
    assert named["logits/bias"].shape == (10,)
    assert named["stage2_block1_shortcut/kernel"].shape == (1, 1, 16, 32)
    assert named["head_norm/moving_variance"].shape == (64,)
