"""Policy of the test suite: two logical CPUs, seed 0, one thread per op."""

import os

import pytest

import keras_mpl  # noqa: F401 (before TensorFlow: it turns on oneDNN)

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("MPLBACKEND", "Agg")


def pytest_configure(config):
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    two = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, two)
    tf.config.threading.set_intra_op_parallelism_threads(1)


@pytest.fixture(autouse=True)
def seeded():
    import keras

    keras.utils.set_random_seed(0)


@pytest.fixture
def wide_default():
    """Keras' default type is float64, as a user's program may say."""
    import keras

    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx("float32")
