"""A network is loaded whole, or refused in one line; its code never runs."""

import json
import zipfile

import keras
import numpy as np
import pytest

from keras_mpl import models


@pytest.fixture
def path(tmp_path):
    layers = [keras.Input((4,)), keras.layers.Dense(3)]
    return models.export(keras.Sequential(layers), tmp_path / "a.keras")


def refusal(path):
    with pytest.raises(ValueError, match="`student` must be a whole") as error:
        models.load(path, "student")
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)
    assert len(str(error.value)) < 500 + len(str(path))
    return str(error.value)


def test_a_whole_file_gives_the_network_back(path):
    network = models.load(path, "student")
    expected = keras.models.load_model(path)
    inputs = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(network(inputs), expected(inputs))


@pytest.mark.parametrize("kept", [0, 1, 100, -100, -1])
def test_a_file_that_is_cut_off_is_refused(path, kept):
    path.write_bytes(path.read_bytes()[:kept])
    assert "(cut off, or no zip archive)" in refusal(path)


def test_a_turned_byte_changes_no_weight_in_silence(path):
    whole = path.read_bytes()
    expected = models.load(path, "student").get_weights()
    refusals = []
    for place in range(0, len(whole), len(whole) // 60):
        turned = bytearray(whole)
        turned[place] ^= 0x55
        path.write_bytes(turned)
        try:
            found = models.load(path, "student").get_weights()
        except ValueError as error:
            refusals.append(str(error))
        else:  # in a date, for instance
            for ours, theirs in zip(found, expected, strict=True):
                np.testing.assert_array_equal(ours, theirs)
    assert len(refusals) > 40
    assert not any("\n" in text for text in refusals)


@pytest.mark.parametrize("content", [b"no zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_network_is_refused(path, content):
    path.write_bytes(content)
    refusal(path)


def test_what_is_no_file_is_refused(tmp_path):
    (tmp_path / "folder.keras").mkdir()
    assert "(no file)" in refusal(tmp_path / "folder.keras")
    assert "(no such file)" in refusal(tmp_path / "none.keras")


def with_config(path, change):
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    members["config.json"] = json.dumps(change(config)).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_code_in_a_file_is_refused_and_never_runs(tmp_path):
    trace = tmp_path / "trace"

    words = f"touch {trace}"
    harm = lambda x: (__import__("os").system(words), x)[1]
    network = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(harm)])
    network.save(tmp_path / "bad.keras")
    trace.unlink()
    assert "Lambda" in refusal(tmp_path / "bad.keras")
    assert not trace.exists()


@pytest.mark.parametrize("module", ["os", "subprocess", "builtins"])
def test_a_class_of_another_module_is_refused(path, module):
    def change(config):
        layer = config["config"]["layers"][1]
        layer |= {"module": module, "class_name": "system"}
        return config

    with_config(path, change)
    refusal(path)


@pytest.mark.parametrize("config", [[], None, {}, 5, {"class_name": 5}])
def test_a_config_of_any_form_is_refused(path, config):
    with_config(path, lambda _: config)
    refusal(path)


def test_a_config_nested_too_deep_is_refused(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "[" * 100_000)
    refusal(path)
