"""Other formats: written, read again by their own runtime, and compared."""

import importlib
import json

import keras
import numpy as np
import pytest

from keras_mpl import models
from keras_mpl.models import Pixels
from keras_mpl.models import formats

NAMES = ("cat", "dog", "emu")
ENDINGS = {"keras": ".keras", "saved_model": "", "onnx": ".onnx"}
ENDINGS["tflite"] = ".tflite"


@pytest.fixture(scope="module", name="model")
def fixture_model():
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(2, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    scale = {"mean": (0.5,) * 3, "std": (0.5,) * 3}
    return models.complete(network, pixels=Pixels(**scale))


@pytest.mark.slow
@pytest.mark.parametrize("format", ENDINGS)
def test_each_format_gives_the_answers_of_the_model(format, model, tmp_path):
    for name in formats.FILES[format].needed:
        pytest.importorskip(name, exc_type=ImportError)
    path = tmp_path / f"student{ENDINGS[format]}"
    found = models.convert(model, path, format=format, class_names=NAMES)
    assert found.path == path
    assert [*tmp_path.iterdir()] == [path]
    assert found.largest_difference < 1e-5
    assert found.num_checked == 6
    again = models.convert(model, path, format=format, class_names=NAMES)
    assert again == found
    if format == "keras":
        assert models.read_class_names(path) == NAMES
    elif format == "saved_model":
        labels = path / "assets.extra" / "labels.txt"
        assert labels.read_text() == "cat\ndog\nemu\n"
    elif format == "onnx":
        properties = importlib.import_module("onnx").load(path).metadata_props
        said = {one.key: one.value for one in properties}
        assert json.loads(said["class_names"]) == list(NAMES)


def test_a_file_that_answers_otherwise_is_not_left(
    model, tmp_path, monkeypatch
):
    path = tmp_path / "student.keras"
    models.convert(model, path)
    before = path.read_bytes()

    def wrong(path):
        return lambda x: np.zeros((len(x), 3)), "another"

    changed = formats.FILES["keras"]._replace(read=wrong)
    monkeypatch.setitem(formats.FILES, "keras", changed)
    with pytest.raises(ValueError, match="the answers of another must be"):
        models.convert(model, path)
    assert path.read_bytes() == before
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize(
    ("format", "missing"),
    [
        ("onnx", "tf2onnx"),
        ("onnx", "onnxruntime"),
        ("tflite", "ai_edge_litert"),
    ],
)
def test_a_missing_library_is_named(
    format, missing, model, tmp_path, monkeypatch
):
    load = importlib.import_module

    def without(name, *rest):
        if name == missing:
            raise ImportError(name)
        return (
            load("keras")
            if name in formats.FILES[format].needed
            else load(name)
        )

    monkeypatch.setattr(importlib, "import_module", without)
    wanted = rf"{format} needs {missing.replace('_', '-')} \(pip install"
    with pytest.raises(ValueError, match=wanted):
        models.convert(model, tmp_path / f"a.{format}", format=format)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("name", "format", "wanted"),
    [
        ("a.onnx", "keras", "must end in .keras"),
        ("a.keras", "saved_model", "must have no ending"),
        ("none/a.keras", "keras", "folder that exists"),
        ("a.pb", "pb", "must be one of: keras, saved_model"),
        ("full", "saved_model", "must be new"),
        ("a.keras", "keras", "must be new"),
    ],
)
def test_a_place_that_will_not_do_is_refused(
    name, format, wanted, model, tmp_path
):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    if wanted == "must be new" and format == "keras":
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match=wanted):
        models.convert(model, tmp_path / name, format=format)
    assert (tmp_path / "full" / "mine.txt").read_text() == "mine"


def test_a_network_of_less_precision_is_refused_where_it_would_differ(tmp_path):
    half = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(2, dtype="mixed_bfloat16")]
    )
    wanted = "computes in bfloat16"
    with pytest.raises(ValueError, match=wanted):
        models.convert(half, tmp_path / "a.tflite", format="tflite")


def test_what_takes_no_pixels_is_compared_on_inputs(tmp_path):
    rows = keras.Sequential([keras.Input((5,)), keras.layers.Dense(2)])
    found = models.convert(rows, tmp_path / "a.keras")
    assert (found.num_checked, found.largest_difference) == (4, 0)
