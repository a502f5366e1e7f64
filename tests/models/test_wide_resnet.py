"""The network against its own definition, and the names it is built by."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_mpl.models
from keras_mpl.models import MODELS
from keras_mpl.models import BatchNorm
from keras_mpl.models import create
from keras_mpl.models import measure
from keras_mpl.models import wide_resnet

SMALL = {"num_classes": 3, "input_shape": (8, 8, 1)}


def make_images(shape=(4, 8, 8, 1)):
    values = np.random.default_rng(0).normal(size=shape)
    return tf.constant(values, "float32")


def trainable_count(model):
    return sum(int(np.prod(w.shape)) for w in model.trainable_weights)


def randomise(model):
    """Draws kernels around 0 and everything else, variances too, above."""
    rng = np.random.default_rng(0)
    for weight in model.weights:
        low = -0.1 if weight.name == "kernel" else 0.1
        weight.assign(rng.uniform(low, low + 0.4, weight.shape))


def slow_forward(model, images, width, slope=0.1):
    """PAPER section 6.1 for depth 10, in inference, written out."""

    def weight(layer, name):
        found = (w for w in model.get_layer(layer).weights if w.name == name)
        return next(found).value

    def convolution(x, layer, stride):
        return tf.nn.conv2d(x, weight(layer, "kernel"), stride, "SAME")

    def activation(x, prefix):
        gamma, beta, mean, variance = model.get_layer(f"{prefix}_norm").weights
        x = (x - mean) / tf.sqrt(variance + 1e-3) * gamma + beta
        return tf.where(x > 0, x, slope * x)

    x = convolution(images, "stem_conv", 1)
    for stage, stride in ((1, 1), (2, 2), (3, 2)):
        prefix = f"stage{stage}_block1"
        h = activation(x, f"{prefix}_1")
        if stage > 1 or width > 1:
            x = convolution(h, f"{prefix}_shortcut", stride)
        h = convolution(h, f"{prefix}_1_conv", stride)
        h = activation(h, f"{prefix}_2")
        x = x + convolution(h, f"{prefix}_2_conv", 1)
    x = tf.reduce_mean(activation(x, "head"), [1, 2])
    return x @ weight("logits", "kernel") + weight("logits", "bias")


@pytest.mark.parametrize(
    ("stem_filters", "expected"), [(16, 1_467_610), (32, 1_472_170)]
)
def test_wrn_28_2_has_the_parameters_of_its_lineage(stem_filters, expected):
    model = create("wrn_28_2", num_classes=10, stem_filters=stem_filters)
    assert trainable_count(model) == expected


def test_released_variant_is_reachable():
    model = create("wrn_10_1", **SMALL, stem_filters=16, slope=0.2, dropout=0.2)
    assert model.get_layer("head_relu").negative_slope == 0.2


def test_large_preset_is_135_wide():
    model = MODELS["wrn_28_large"]
    assert (model.args, model.keywords) == ((28, 135), {"name": "wrn_28_large"})
    assert measure("wrn_28_large").parameters > 6e9


def test_without_a_top_features_come_out():
    model = wide_resnet(10, 2, include_top=False, input_shape=(None, None, 1))
    assert model.output_shape == (None, None, None, 128)
    assert model(make_images()).shape == (4, 2, 2, 128)


def test_momentum_of_all_statistics_is_an_option():
    def momenta(**options):
        model = wide_resnet(10, 1, **SMALL, **options)
        return {x.momentum for x in model.layers if isinstance(x, BatchNorm)}

    assert momenta() == {0.99}
    assert momenta(batch_norm_momentum=0.9) == {0.9}


@pytest.mark.parametrize("width", [1, 2])
def test_outputs_equal_the_written_out_network(width):
    model = wide_resnet(10, width, **SMALL, slope=0.3)
    randomise(model)
    actual = model(make_images(), training=False)
    expected = slow_forward(model, make_images(), width, slope=0.3)
    assert np.ptp(expected, axis=0).min() > 1e-2
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)


def test_only_a_change_of_shape_has_a_shortcut_convolution():
    def shortcuts(**options):
        layers = wide_resnet(16, 2, **SMALL, **options).layers
        return [x.name[:13] for x in layers if x.name.endswith("shortcut")]

    later = ["stage2_block1", "stage3_block1"]
    assert shortcuts() == ["stage1_block1", *later]
    assert shortcuts(stem_filters=32) == later


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("float16", "float32"),
        ("bfloat16", "float32"),
        ("mixed_bfloat16", "float32"),
        ("float32", "float32"),
        ("float64", "float64"),
    ],
)
def test_logits_are_never_narrower_than_float32(policy, expected):
    model = wide_resnet(10, 1, **SMALL, dropout=0.5, dtype=policy)
    logits = model(make_images(), training=True)
    assert logits.dtype == expected
    assert model.get_layer("logits").kernel.dtype == expected
    assert np.isfinite(logits).all()
    policies = {layer.dtype_policy.name for layer in model.layers[1:-1]}
    assert policies == {policy}


def test_global_policy_is_the_default():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = wide_resnet(10, 1, **SMALL)
    finally:
        keras.config.set_dtype_policy(before)
    assert model.get_layer("stem_conv").compute_dtype == "bfloat16"
    assert model.get_layer("logits").compute_dtype == "float32"


def test_smallest_network_has_all_stages_and_learns():
    model = create("wrn_10_1", **SMALL)
    assert model.get_layer("head_norm").input.shape == (None, 2, 2, 64)
    images, labels = make_images(), tf.constant([0, 1, 2, 0])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.05), loss)
    losses = [model.train_on_batch(images, labels) for _ in range(20)]
    assert losses[-1] < 0.5 * losses[0]


def test_config_round_trip_gives_equal_outputs():
    model = wide_resnet(10, 1, **SMALL)
    randomise(model)
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    assert copy.name == "wrn_10_1"
    assert [x.name for x in copy.layers] == [x.name for x in model.layers]
    np.testing.assert_array_equal(copy(make_images()), model(make_images()))


def test_initial_weights_have_the_stated_distributions():
    model = wide_resnet(10, 2, num_classes=100)
    kernel = model.get_layer("stage3_block1_2_conv").kernel.numpy()
    deviation = np.sqrt(2 / (9 * 128))
    assert kernel.std() == pytest.approx(deviation, rel=0.01)
    assert np.abs(kernel).max() > 3 * deviation  # normal, not truncated
    dense = np.abs(model.get_layer("logits").kernel.numpy())
    assert 0.099 < dense.max() <= 0.1
    assert dense.mean() == pytest.approx(0.05, rel=0.05)


def test_equal_shapes_start_from_different_values():
    model = wide_resnet(16, 1, **SMALL)
    first, second = (
        model.get_layer(f"stage1_block{i}_1_conv").kernel.numpy()
        for i in (1, 2)
    )
    assert np.abs(first - second).min() > 0


def test_dropout_is_there_only_when_asked_for():
    names = [layer.name for layer in wide_resnet(10, 1, **SMALL).layers]
    assert "head_dropout" not in names
    layer = wide_resnet(10, 1, **SMALL, dropout=0.25).get_layer("head_dropout")
    assert layer.rate == 0.25


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("depth", 27),
        ("depth", 4),
        ("width", 0),
        ("num_classes", 0),
        ("num_classes", 2.0),
        ("stem_filters", -1),
        ("input_shape", (32, 32)),
        ("slope", -0.1),
        ("dropout", 1.0),
        ("num_classes", None),
        ("batch_norm_momentum", -1.0),
    ],
)
def test_wrong_arguments_are_named(name, wrong):
    options = {"depth": 10, "width": 1, **SMALL, name: wrong}
    with pytest.raises(ValueError, match=rf"`{name}` must .* Received: {name}"):
        wide_resnet(**options)


def test_models_names_functions_not_modules():
    for name in ("wide_resnet", "mlp", "export"):
        assert callable(getattr(keras_mpl.models, name))
    assert create("wrn_10_2", **SMALL).name == "wrn_10_2"


def test_unknown_name_lists_what_exists_and_suggests():
    with pytest.raises(ValueError, match=r"wrn_28_10.*mlp.*mean 'wrn_28_2'\?"):
        create("wrn-28-2", num_classes=10)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("wrn_10_1", {"strides": 2}, r"stem_filters, .* Unknown: strides;"),
        ("wrn_10_1", {"depth": 16}, r"Unknown: depth;"),
        ("mlp", {"units": [3]}, r"missing: input_shape\."),
    ],
)
def test_wrong_options_name_the_accepted_ones(name, options, message):
    with pytest.raises(TypeError, match=message):
        create(name, num_classes=10, **options)
