"""`keras-mpl verify` on our small networks, and on a user's own files."""

import keras
import pytest

from keras_mpl import models
from keras_mpl import runner


@pytest.mark.slow
def test_our_networks_pass_in_under_a_minute_of_work():
    found = runner.verify()
    assert found.passed
    assert found.dtype == "float64"
    assert found.measured_error < 1e-6


@pytest.mark.slow
def test_a_users_files_pass_within_their_noise(tmp_path):
    for seed, name in enumerate(("teacher.keras", "student.keras")):
        keras.utils.set_random_seed(seed)
        network = models.wide_resnet(
            10, 1, num_classes=4, input_shape=(8, 8, 1)
        )
        models.export(network, tmp_path / name)
    found = runner.verify(
        tmp_path / "teacher.keras", tmp_path / "student.keras"
    )
    assert found.passed
    assert found.dtype == "float32"
    assert found.measured_cosine > 0.99
