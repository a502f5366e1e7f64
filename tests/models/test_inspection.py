"""Networks are counted from their graphs, quickly, with no weights made."""

import resource
import time

import keras
import numpy as np
import pytest

from keras_mpl.models import MODELS
from keras_mpl.models import measure
from keras_mpl.models import mlp
from keras_mpl.models import multiply_adds
from keras_mpl.models import table
from keras_mpl.models import wide_resnet
from keras_mpl.models.inspection import size


def peak_megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_l2_is_counted_in_seconds_and_without_its_weights():
    before, start = peak_megabytes(), time.perf_counter()
    found = measure("efficientnet_l2")
    assert found.parameters == pytest.approx(480e6, rel=5e-3)
    assert time.perf_counter() - start < 60  # 2 to 5 where nobody else works
    assert peak_megabytes() - before < 500  # its weights alone: 1,832 MiB


def test_count_equals_that_of_a_built_network():
    def build():
        return wide_resnet(10, 1, num_classes=3, input_shape=(8, 8, 1))

    model, found = build(), size(build)
    count = sum(np.prod(w.shape) for w in model.trainable_weights)
    assert found.parameters == count
    assert found.multiply_adds == multiply_adds(model)
    assert found[2:] == ((8, 8, 1), (3,))


def test_counting_leaves_nothing_behind():
    kept = []

    def build():
        kept.append(wide_resnet(10, 1, num_classes=3))
        return kept[0]

    size(build)
    with keras.StatelessScope():
        pass  # initialises the variables that wait for it
    assert all(weight._value is None for weight in kept[0].weights)


def test_multiply_adds_of_every_counted_kind():
    layers = [
        keras.layers.Conv2D(4, 3, strides=2, padding="same"),  # 5x5x4 of 3x3x2
        keras.layers.DepthwiseConv2D(3),  # 3x3x4 of 3x3
        keras.layers.BatchNormalization(),
        keras.layers.Dense(5),  # 3x3x5 of 4
        keras.layers.Flatten(),
        keras.layers.Dense(2),  # 2 of 45
    ]
    model = keras.Sequential([keras.Input((10, 10, 2)), *layers])
    nested = keras.Sequential([keras.Input((10, 10, 2)), model])
    expected = 5 * 5 * 4 * 18 + 3 * 3 * 4 * 9 + 3 * 3 * 5 * 4 + 2 * 45
    assert multiply_adds(model) == multiply_adds(nested) == expected


def test_grouped_convolutions_count_what_they_read():
    layers = [keras.Input((4, 4, 6)), keras.layers.Conv2D(6, 1, groups=3)]
    assert multiply_adds(keras.Sequential(layers)) == 4 * 4 * 6 * 2


def test_sizes_that_are_not_known_are_refused():
    def build():
        return wide_resnet(10, 1, num_classes=3, input_shape=(None, None, 1))

    with pytest.raises(ValueError, match=r"`model` must be built .* Received"):
        size(build)


def test_layers_that_are_not_counted_are_refused():
    layers = [keras.Input((4, 4, 6)), keras.layers.Conv2DTranspose(6, 1)]
    with pytest.raises(ValueError, match=r"must have its kernels .*Transpose"):
        multiply_adds(keras.Sequential(layers))


def test_classes_are_those_of_the_data_that_the_size_is_for():
    assert measure("wrn_10_1").output_shape == (10,)
    assert measure("resnet_50").output_shape == (1000,)
    assert measure("wrn_10_1", num_classes=7).output_shape == (7,)
    assert measure("mlp") is None


def test_table_has_a_line_for_every_network_with_its_source():
    lines = list(table("wrn")) + list(table("mlp"))
    assert lines[0].split() == [
        "name",
        "parameters",
        "multiply-adds",
        "input",
        "classes",
        "source",
    ]
    names = [name for name in MODELS if name.startswith("wrn")]
    assert [line.split()[0] for line in lines[1 : 1 + len(names)]] == names
    row = next(line for line in lines if line.startswith("wrn_28_2 "))
    assert "1,467,610" in row
    assert "32 x 32 x 3" in row
    assert row.endswith("arXiv:1605.07146")
    assert "`units`" in lines[-1]


def test_every_network_has_a_source(monkeypatch):
    monkeypatch.setattr("keras_mpl.models.measure", lambda name: None)
    lines = list(table())[1:]
    assert [line.split()[0] for line in lines] == list(MODELS)
    assert all("arXiv" in line or "`units`" in line for line in lines)
    wide = next(line for line in lines if "b6_wide" in line)
    assert "paper states 390 M" in wide


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match=r"`match` must be part of one of wrn"):
        table("vgg")
    with pytest.raises(ValueError, match=r"`name` must be one of wrn"):
        measure("vgg")


def test_mlp_without_a_top_gives_its_last_hidden_layer():
    model = mlp([3, 5], input_shape=(4,), include_top=False)
    assert model.output_shape == (None, 5)
