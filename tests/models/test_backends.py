"""The exported file answers alike under every backend of Keras."""

import importlib.util
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from keras_mpl import models
from keras_mpl.models import Pixels

ANSWER = """
import sys
sys.modules["keras_mpl"] = None  # importing it now raises ImportError
import keras, numpy
model = keras.models.load_model(sys.argv[1])
images = numpy.load(sys.argv[2])
said = {name: model.predict(images[name], verbose=0) for name in images}
numpy.savez(sys.argv[3], **said)
print(keras.backend.backend())
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_a_backend_answers_as_the_network_does(backend, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    network = models.create("wrn_10_1", num_classes=5, input_shape=(16, 16, 3))
    scale = Pixels(mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))
    models.export(network, tmp_path / "a.keras", pixels=scale)
    model = models.complete(network, pixels=scale)
    draws = np.random.default_rng(0)
    shapes = {
        "same": (4, 16, 16, 3),
        "larger": (2, 32, 48, 3),
        "photo": (3, 333, 500, 3),
        "portrait": (3, 641, 480, 3),
        "smaller": (4, 11, 14, 3),
    }
    images = {
        name: draws.integers(0, 256, shape).astype("uint8")
        for name, shape in shapes.items()
    }
    np.savez(tmp_path / "images.npz", **images)
    names = ("a.keras", "images.npz", "answers.npz")
    done = subprocess.run(
        [sys.executable, "-c", ANSWER, *(str(tmp_path / x) for x in names)],
        env={**os.environ, "KERAS_BACKEND": backend},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-1] == backend
    answers = np.load(tmp_path / "answers.npz")
    for name, shown in images.items():
        expected = keras.ops.convert_to_numpy(model(shown, training=False))
        difference = np.abs(answers[name] - expected).max()
        print(f"{backend}, {name}: {difference:.1e}")
        assert difference < 1e-5, (backend, name)
