"""ResNet-50: its two variants, its size, its file."""

import keras
import numpy as np
import pytest

import keras_mpl
from keras_mpl.models import create
from keras_mpl.models import measure
from keras_mpl.models import resnet_50

SMALL = {"num_classes": 3, "input_shape": (32, 32, 3)}


@pytest.fixture(scope="module")
def network():
    return resnet_50(**SMALL, dropout=0.25, include_rescaling=True)


def images(count=2, dtype="float32"):
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, size=(count, 32, 32, 3)).astype(dtype)


def test_parameters_are_those_without_biases():
    """25.5 M in the paper; He et al.'s network: 25,557,032 in torchvision."""
    assert measure("resnet_50").parameters == 25_557_032


@pytest.mark.parametrize(
    ("variant", "strides"),
    [("v1.5", {"1": (1, 1), "2": (2, 2)}), ("v1", {"1": (2, 2), "2": (1, 1)})],
)
def test_stride_is_where_the_variant_has_it(variant, strides):
    model = resnet_50(
        variant=variant, include_top=False, input_shape=(32, 32, 3)
    )
    for stage in (3, 4, 5):
        for position, expected in strides.items():
            name = f"conv{stage}_block1_{position}_conv"
            assert model.get_layer(name).strides == expected
    assert model.output_shape == (None, 1, 1, 2048)


def test_only_the_first_block_of_a_stage_has_a_shortcut_convolution(network):
    found = [x.name for x in network.layers if x.name.endswith("_0_conv")]
    assert found == [f"conv{stage}_block1_0_conv" for stage in (2, 3, 4, 5)]


def test_dropout_stands_before_the_head(network):
    assert network.layers[-2].name == "head_dropout"
    assert network.layers[-2].rate == 0.25


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("mixed_bfloat16", "float32"), ("float16", "float32")],
)
def test_logits_are_never_narrower_than_float32(policy, expected):
    logits = resnet_50(**SMALL, dtype=policy)(images() / 255, training=True)
    assert logits.dtype == expected
    assert np.isfinite(logits).all()


def test_v1_rescales_as_its_published_weights_expect():
    model = resnet_50(variant="v1", **SMALL, include_rescaling=True)
    bare = resnet_50(variant="v1", **SMALL)
    bare.set_weights(model.get_weights())
    given = keras.applications.resnet.preprocess_input(images())
    np.testing.assert_allclose(model(images()), bare(given), rtol=1e-4)


@pytest.mark.slow
def test_export_and_config_round_trip_compute_the_same(network, tmp_path):
    path = keras_mpl.export(network, tmp_path / "plain.keras")
    copy = type(network).from_config(network.get_config())
    copy.set_weights(network.get_weights())
    expected = network(images())
    assert copy.name == "resnet_50"
    np.testing.assert_array_equal(copy(images()), expected)
    loaded = keras.models.load_model(path)
    np.testing.assert_allclose(loaded(images()), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("variant", "v2"),
        ("num_classes", None),
        ("input_shape", (32, 32)),
        ("dropout", -0.5),
        ("batch_norm_momentum", -0.1),
    ],
)
def test_wrong_arguments_are_named(name, wrong):
    with pytest.raises(ValueError, match=rf"`{name}` must .* Received: {name}"):
        create("resnet_50", **{**SMALL, name: wrong})
