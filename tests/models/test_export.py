"""An exported file is plain Keras, complete, and computes the same."""

import re
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl.models import BatchNorm
from keras_mpl.models import export
from keras_mpl.models import mlp
from keras_mpl.models import wide_resnet

LOAD_WITHOUT_KERAS_MPL = """
import sys
sys.modules["keras_mpl"] = None  # importing it now raises ImportError
import keras, numpy
model = keras.models.load_model(sys.argv[1])
inputs = numpy.load(sys.argv[2])
numpy.save(sys.argv[3], model.predict(inputs, verbose=0))
"""


def wide(dtype=None):
    return wide_resnet(10, 1, num_classes=3, input_shape=(8, 8, 1), dtype=dtype)


def sequential():
    layers = [keras.layers.Conv2D(2, 3), BatchNorm(0.7, 1e-2, name="mine")]
    return keras.Sequential([keras.Input((8, 8, 1)), *layers])


def nested():
    inputs = keras.Input((8, 8, 1))
    shared = BatchNorm()
    inner = keras.Model(inputs, BatchNorm(trainable=False)(inputs))
    x = keras.layers.Dropout(0.5)(shared(inner(inputs)))
    return keras.Model(inputs, [sequential()(x), shared(inputs)])


def wrapped():
    inputs = keras.Input((8, 8, 1))
    layer = keras.layers.TimeDistributed(BatchNorm(), name="wrapper")
    return keras.Model(inputs, layer(inputs))


class Doubled(keras.layers.Layer):
    def call(self, inputs):
        return 2 * inputs


def without():
    return mlp([3], num_classes=2, input_shape=(8, 8, 1))


MODELS = {
    "wide": wide,
    "mixed_bfloat16": lambda: wide("mixed_bfloat16"),
    "bfloat16": lambda: wide("bfloat16"),
    "float64": lambda: wide("float64"),
    "sequential": sequential,
    "nested": nested,
    "wrapped": wrapped,
    "without": without,
}


def make_images():
    return np.random.default_rng(0).normal(size=(4, 8, 8, 1)).astype("float32")


def randomise(model):
    rng = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(rng.uniform(0.1, 0.9, weight.shape))


def outputs_of(model):
    outputs = keras.tree.flatten(model(make_images(), training=False))
    return [np.asarray(tf.cast(x, tf.float64)) for x in outputs]


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())
def test_file_is_plain_keras_and_computes_the_same(make, tmp_path):
    model = make()
    randomise(model)
    path = tmp_path / "plain.keras"
    assert export(model, path) == path
    with zipfile.ZipFile(path) as archive:
        assert b"keras_mpl" not in archive.read("config.json")
    loaded = keras.models.load_model(path)
    for layer in loaded._flatten_layers():
        assert type(layer).__module__.startswith("keras.")
    for ours, plain in zip(outputs_of(model), outputs_of(loaded), strict=True):
        np.testing.assert_allclose(plain, ours, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())
def test_weights_and_names_are_kept(make, tmp_path):
    model = make()
    randomise(model)
    loaded = keras.models.load_model(export(model, tmp_path / "plain.keras"))
    assert loaded.name == model.name
    assert [x.name for x in loaded.layers] == [x.name for x in model.layers]
    for mine, plain in zip(model.weights, loaded.weights, strict=True):
        assert (plain.name, plain.dtype) == (mine.name, mine.dtype)
        np.testing.assert_array_equal(plain, mine)


def test_momentum_epsilon_and_trainable_are_kept(tmp_path):
    model = keras.Sequential(
        [keras.Input((3,)), BatchNorm(0.7, 1e-2, name="a", trainable=False)]
    )
    loaded = keras.models.load_model(export(model, tmp_path / "plain.keras"))
    layer = loaded.get_layer("a")
    assert isinstance(layer, keras.layers.BatchNormalization)
    assert (layer.momentum, layer.epsilon) == (0.7, 1e-2)
    assert not layer.trainable


def test_model_itself_is_left_alone(tmp_path):
    model = sequential()
    model.compile("sgd", "mse")
    before = model.get_weights()
    export(model, str(tmp_path / "plain.keras"))
    assert isinstance(model.layers[-1], BatchNorm)
    assert model.compiled
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_what_compile_added_stays_behind(tmp_path):
    model = sequential()
    model.compile("sgd", "mse")
    loaded = keras.models.load_model(export(model, tmp_path / "plain.keras"))
    assert not loaded.compiled


@pytest.mark.slow
def test_file_loads_where_keras_mpl_cannot_be_imported(tmp_path):
    model = wide("mixed_bfloat16")
    randomise(model)
    export(model, tmp_path / "plain.keras")
    np.save(tmp_path / "inputs.npy", make_images())
    names = ("plain.keras", "inputs.npy", "outputs.npy")
    subprocess.run(
        [sys.executable, "-c", LOAD_WITHOUT_KERAS_MPL]
        + [str(tmp_path / name) for name in names],
        check=True,
        cwd=tmp_path,
    )
    outputs = np.load(tmp_path / "outputs.npy")
    np.testing.assert_allclose(outputs, outputs_of(model)[0], rtol=1e-5)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = BatchNorm()

    def call(self, inputs):
        return self.norm(inputs)


class Nestled(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.norm = BatchNorm()

    def build(self, input_shape):
        self.norm.build(input_shape)

    def call(self, inputs):
        return self.norm(inputs)


@keras.saving.register_keras_serializable(package="keras_mpl")
class Other(keras.layers.Layer):
    pass


@keras.saving.register_keras_serializable(package="keras_mpl")
def squashed(x):
    return x


def subclassed():
    model = Subclassed()
    model(np.ones((2, 3)))
    return model


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (subclassed, "Subclassed 'subclassed"),
        (lambda: keras.Sequential([keras.Input((3,)), subclassed()]), "Subc"),
        (lambda: keras.Sequential([keras.Input((3,)), Other()]), "Other"),
        (lambda: keras.Sequential([keras.Input((3,)), Nestled()]), "BatchNorm"),
        (
            lambda: mlp(
                [3], num_classes=2, input_shape=(3,), activation=squashed
            ),
            "squashed",
        ),
    ],
    ids=["subclassed", "inside", "layer", "sublayer", "activation"],
)
def test_what_would_remain_of_keras_mpl_is_refused(make, found, tmp_path):
    message = rf"`model` must be a functional or sequential .*found {found}"
    with pytest.raises(ValueError, match=message):
        export(make(), tmp_path / "plain.keras")
    assert not list(tmp_path.iterdir())


def test_layers_of_the_user_are_kept(tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 1)), Doubled(), BatchNorm()])
    path = export(model, tmp_path / "plain.keras")
    loaded = keras.models.load_model(path, {"Doubled": Doubled})
    assert isinstance(loaded.layers[0], Doubled)
    np.testing.assert_allclose(outputs_of(loaded), outputs_of(model), rtol=1e-5)


def test_layers_shared_by_nested_models_are_refused(tmp_path):
    inputs, shared = keras.Input((3,)), BatchNorm()
    parts = [keras.Model(inputs, shared(inputs)) for _ in range(2)]
    model = keras.Model(inputs, parts[1](parts[0](inputs)))
    with pytest.raises(ValueError, match=r"share layers .* 8 .* of 4"):
        export(model, tmp_path / "plain.keras")


def test_unbuilt_model_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`model` must be built"):
        export(keras.Sequential([BatchNorm()]), tmp_path / "plain.keras")


def test_wrong_paths_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"`path` must end in \.keras"):
        export(without(), tmp_path / "plain.h5")
    missing = tmp_path / "missing" / "plain.keras"
    with pytest.raises(FileNotFoundError, match=re.escape(str(missing))):
        export(without(), missing)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "plain.keras"
    path.write_text("old")

    def fail(self, filepath, **kwargs):
        tf.io.gfile.GFile(filepath, "w").write("half")
        raise OSError("disk full")

    monkeypatch.setattr(keras.Model, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        export(without(), path)
    assert path.read_text() == "old"
    assert [x.name for x in tmp_path.iterdir()] == ["plain.keras"]
