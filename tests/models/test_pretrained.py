"""Our networks with weights of keras.applications compute what those do."""

import re

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

from keras_mpl.models import create
from tests.models import oracles

OURS = {
    "efficientnet_b0": ("EfficientNetB0", {}),
    "efficientnet_b3": ("EfficientNetB3", {}),
    "resnet_50": ("ResNet50", {"variant": "v1"}),
}
any_network = pytest.mark.parametrize("name", OURS)


def theirs(name, size, **options):
    """A network of keras.applications as if trained, and what it is fed."""
    network = getattr(keras.applications, OURS[name][0])(
        weights=None, **options
    )
    images = oracles.images_of(size)
    if options.get("include_top", True):
        oracles.without_softmax(network)
    return oracles.awaken(network, images), images


def ours(name, **options):
    return create(name, **OURS[name][1], **options)


def given(name, pixels):
    """Their EfficientNet scales pixels itself, by a float32 in any policy."""
    is_scaled = name.startswith("efficientnet")
    return pixels * np.float32(1 / 255) if is_scaled else pixels


@pytest.mark.slow
@any_network
def test_full_size_outputs_equal_those_of_keras_applications(name, tmp_path):
    size = {"efficientnet_b3": 300}.get(name, 224)
    network, images = theirs(name, size)
    network.save_weights(tmp_path / "theirs.weights.h5")
    mine = ours(name, num_classes=1000, weights=tmp_path / "theirs.weights.h5")
    assert mine.input_shape == (None, size, size, 3)
    oracles.assert_parity(
        network(images, training=False),
        mine(given(name, images), training=False),
    )


@pytest.fixture
def double():
    """All that follows is computed in float64, theirs too."""
    before = keras.config.dtype_policy(), keras.config.floatx()
    keras.config.set_dtype_policy("float64")
    keras.config.set_floatx("float64")
    yield
    keras.config.set_dtype_policy(before[0])
    keras.config.set_floatx(before[1])


@pytest.mark.parametrize(
    "name",
    ["efficientnet_b0", pytest.param("resnet_50", marks=pytest.mark.slow)],
)
def test_features_equal_theirs_but_for_rounding(name, tmp_path, double):
    shape = (71, 71, 3)  # odd sizes pad otherwise
    network, images = theirs(name, 71, input_shape=shape, include_top=False)
    network.save_weights(tmp_path / "theirs.weights.h5")
    mine = ours(
        name,
        input_shape=shape,
        include_top=False,
        weights=tmp_path / "theirs.weights.h5",
    )
    images = images.astype("float64")
    expected = network(images, training=False)
    found = mine(given(name, images), training=False)
    assert found.dtype == "float64"
    oracles.assert_parity(expected, found, 1e-10)


def saved(name, path, **options):
    network = getattr(keras.applications, OURS[name][0])(
        weights=None, input_shape=(32, 32, 3), **options
    )
    network.save_weights(path / "theirs.weights.h5")
    return network, path / "theirs.weights.h5"


@pytest.mark.slow
def test_head_of_another_number_of_classes_is_left_out(tmp_path):
    network, path = saved("efficientnet_b0", tmp_path)
    mine = ours("efficientnet_b0", num_classes=3, weights=path)
    for layer in ("stem_conv", "block7a_se_reduce", "top_conv"):
        expected = network.get_layer(layer).kernel
        np.testing.assert_array_equal(mine.get_layer(layer).kernel, expected)
    assert mine.get_layer("logits").kernel.shape == (1280, 3)


@pytest.mark.slow
def test_headless_file_leaves_the_head_as_it_starts(tmp_path):
    network, path = saved("resnet_50", tmp_path, include_top=False)
    mine = ours("resnet_50", num_classes=3, weights=path)
    name = "conv5_block3_3_conv"
    expected = network.get_layer(name).kernel
    np.testing.assert_array_equal(mine.get_layer(name).kernel, expected)
    assert 0.3 < np.abs(mine.get_layer("logits").kernel).max() <= 3**-0.5


def test_published_files_of_the_old_format_are_read(tmp_path):
    network = keras.applications.EfficientNetB0(
        weights=None, include_top=False, input_shape=(32, 32, 3)
    )
    path = tmp_path / "efficientnetb0_notop.h5"
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, network)
    mine = ours("efficientnet_b0", include_top=False, weights=path)
    for name in ("stem_bn", "block4a_dwconv", "top_bn"):
        pairs = zip(
            mine.get_layer(name).weights,
            network.get_layer(name).weights,
            strict=True,
        )
        for found, expected in pairs:
            np.testing.assert_array_equal(found, expected)


@pytest.mark.slow
def test_weights_fit_any_policy_and_small_images(tmp_path):
    network, path = saved("efficientnet_b0", tmp_path, include_top=False)
    mine = ours(
        "efficientnet_b0",
        num_classes=2,
        input_shape=(16, 16, 3),
        dtype="mixed_bfloat16",
        weights=str(path),
    )
    expected = network.get_layer("stem_conv").kernel
    np.testing.assert_array_equal(mine.get_layer("stem_conv").kernel, expected)


def test_file_of_another_network_is_refused(tmp_path):
    _, path = saved("resnet_50", tmp_path, include_top=False)
    message = r"`weights` must be a weights file of .*EfficientNetB0. Received"
    with pytest.raises(ValueError, match=message):
        ours("efficientnet_b0", num_classes=3, weights=path)


@pytest.mark.parametrize(
    ("name", "num_classes", "file"),
    [
        ("efficientnet_b0", 1000, "efficientnetb0.h5"),
        ("efficientnet_b0", 10, "efficientnetb0_notop.h5"),
        (
            "resnet_50",
            10,
            "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        ),
    ],
)
def test_offline_the_file_and_its_place_are_named(
    name, num_classes, file, monkeypatch, tmp_path
):
    def fail(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", fail)
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", fail)
    place = re.escape(str(tmp_path / "models"))
    message = rf"`weights='imagenet'` needs the file {file}, .*{place}"
    with pytest.raises(OSError, match=message):
        ours(name, num_classes=num_classes, weights="imagenet")


def test_imagenet_weights_come_by_way_of_keras_applications(monkeypatch):
    asked = []
    build = keras.applications.EfficientNetB0

    def stand_in(*, weights, include_top):
        asked.append((weights, include_top))
        return build(
            weights=None, include_top=include_top, input_shape=(32, 32, 3)
        )

    monkeypatch.setattr(keras.applications, "EfficientNetB0", stand_in)
    for num_classes in (1000, 10):
        ours("efficientnet_b0", num_classes=num_classes, weights="imagenet")
    assert asked == [("imagenet", True), ("imagenet", False)]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("efficientnet_b8", {}),
        ("efficientnet_l2", {}),
        ("efficientnet_b6_wide", {}),
        ("resnet_50", {"variant": "v1.5"}),
    ],
)
def test_weights_that_nobody_publishes_are_refused(name, options):
    with pytest.raises(
        ValueError, match=r"`weights` must be None for this network: .*B7"
    ):
        create(name, num_classes=10, weights="imagenet", **options)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"`weights` must .*none\.h5"):
        ours("resnet_50", num_classes=3, weights=tmp_path / "none.h5")


def test_weights_need_three_channels():
    message = r"`input_shape` must be \(height, width, 3\), the three colours"
    with pytest.raises(ValueError, match=message):
        ours(
            "efficientnet_b0",
            num_classes=3,
            weights="imagenet",
            input_shape=(32, 32, 1),
        )
