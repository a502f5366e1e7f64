"""The shared parts of the networks: options, layers, head and checks."""

import inspect

import keras
import numpy as np
import pytest

from keras_mpl.models import MODELS
from keras_mpl.models import building
from keras_mpl.models.building import Builder


def test_create_knows_every_option_of_every_builder():
    accepted = {
        option
        for builder in MODELS.values()
        for option in inspect.signature(builder).parameters
    }
    # `create` takes the name of a builder as `name`.
    own = {"num_classes", "name", "width", "depth"}
    assert accepted - own == set(building.Options.__annotations__)


@pytest.mark.parametrize(
    ("policy", "outer"),
    [
        ("float32", "float32"),
        ("mixed_bfloat16", "float32"),
        ("float16", "float32"),
        ("float64", "float64"),
    ],
)
def test_inputs_and_logits_are_wide_under_every_policy(policy, outer):
    build = Builder(policy)
    images = build.images((4, 4, 3))
    x = build.convolution(images, 2, 3, 1, "conv")
    logits = build.top(x, 5, 0.0)
    compute = keras.dtype_policies.get(policy).compute_dtype
    assert (images.dtype, x.dtype, logits.dtype) == (outer, compute, outer)
    assert logits.shape == (None, 5)


def test_without_a_policy_the_global_one_counts():
    assert Builder(None).policy == keras.config.dtype_policy()


def test_convolutions_are_padded_and_have_no_bias_unless_asked_for():
    build = Builder(None)
    images = build.images((8, 8, 3))
    plain = build.convolution(images, 2, 3, 2, "plain")
    other = build.convolution(
        images, 2, 3, 2, "other", padding="valid", use_bias=True
    )
    model = keras.Model(images, [plain, other])
    assert (plain.shape[1:], other.shape[1:]) == ((4, 4, 2), (3, 3, 2))
    names = {
        name: [w.name for w in model.get_layer(name).weights]
        for name in ("plain", "other")
    }
    assert names == {"plain": ["kernel"], "other": ["kernel", "bias"]}


def test_kernels_start_with_the_deviation_of_the_released_code():
    build = Builder(None)
    images = build.images((4, 4, 16))
    model = keras.Model(images, build.convolution(images, 256, 3, 1, "conv"))
    kernel = np.asarray(model.get_layer("conv").kernel)
    expected = (2 / (3 * 3 * 256)) ** 0.5
    # The standard error of a deviation over 36,864 draws is 0.4 %.
    np.testing.assert_allclose(kernel.std(), expected, rtol=0.02)


def test_standardised_pixels_of_the_mean_colour_are_0():
    build = Builder(None)
    images = build.images((1, 1, 3))
    model = keras.Model(images, build.standardise(images))
    mean = 255 * np.array([[[[0.485, 0.456, 0.406]]]], "float32")
    above = mean + 255 * np.array([0.229, 0.224, 0.225], "float32")
    np.testing.assert_allclose(model(mean), 0, atol=1e-5)
    np.testing.assert_allclose(model(above), 1, rtol=1e-5)


def test_logits_start_uniform_within_their_limit():
    build = Builder(None)
    images = build.images((1, 1, 64))
    model = keras.Model(images, build.top(images, 16, 0.0))
    kernel = np.asarray(model.get_layer("logits").kernel)
    assert 0.24 < np.abs(kernel).max() <= 0.25  # 1 / sqrt(16)


@pytest.mark.parametrize(
    ("check", "arguments", "match"),
    [
        (building.check_size, ("a", 0), "`a` must be a positive.*a=0"),
        (building.check_size, ("a", True), "`a` must be a positive.*a=True"),
        (building.check_size, ("a", 1.0), "`a` must be a positive.*a=1.0"),
        (building.check_fraction, ("b", 1.0), r"`b` must be in \[0, 1\).*b=1"),
        (building.check_fraction, ("b", -0.1), r"`b` must be in .*b=-0.1"),
        (building.check_top, (True, None), "`num_classes` must .*=None"),
        (building.check_top, (False, 0), "`num_classes` must .*=0"),
        (building.check_images, ((8, 8),), r"\(height, width, channels\)"),
        (building.check_images, ((8, 8, None),), "width, channels"),
        (Builder, (None,), "`batch_norm_momentum` must be in .*=1.5"),
    ],
)
def test_bad_settings_are_one_line(check, arguments, match):
    options = {"momentum": 1.5} if check is Builder else {}
    with pytest.raises(ValueError, match=match) as raised:
        check(*arguments, **options)
    assert "Received: " in str(raised.value)
    assert "\n" not in str(raised.value)


def test_weights_for_imagenet_need_three_channels():
    with pytest.raises(ValueError, match="three colours of ImageNet"):
        building.check_images((8, 8, 1), is_rgb=True)
    assert building.check_images((8, 8, 1)) is None
    assert building.check_images((None, None, 3), is_rgb=True) is None
