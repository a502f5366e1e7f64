"""The names of the classes are in the file itself."""

import zipfile

import keras
import numpy as np
import pytest

from keras_mpl import models

NAMES = ("cat", "naïve\n", '"; [x](y)')


def network():
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])


def test_names_come_back_and_the_network_is_the_same(tmp_path):
    own = network()
    path = models.export(own, tmp_path / "a.keras", class_names=NAMES)
    assert models.read_class_names(path) == NAMES
    inputs = np.ones((2, 2), "float32")
    loaded = keras.models.load_model(path)
    np.testing.assert_array_equal(loaded(inputs), own(inputs))
    assert [x.name for x in tmp_path.iterdir()] == ["a.keras"]


def test_a_file_without_names_has_none(tmp_path):
    assert (
        models.read_class_names(models.export(network(), tmp_path / "a.keras"))
        == ()
    )


def test_too_few_names_are_refused(tmp_path):
    with pytest.raises(ValueError, match="`class_names` must be 3 names"):
        models.export(network(), tmp_path / "a.keras", class_names=["a"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [None, "{", '{"class_names": [1]}', "[]"])
def test_a_forged_file_is_one_line(content, tmp_path):
    path = tmp_path / "a.keras"
    if content is not None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", content)
    with pytest.raises(ValueError, match=r"`path` must be .*a\.keras") as error:
        models.read_class_names(path)
    assert "\n" not in str(error.value)
