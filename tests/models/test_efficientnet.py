"""The EfficientNets: sizes, strides, stochastic depth, derivatives."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_mpl
from keras_mpl.models import MODELS
from keras_mpl.models import BatchNorm
from keras_mpl.models import create
from keras_mpl.models import efficientnet
from keras_mpl.models import measure
from keras_mpl.models import multiply_adds
from keras_mpl.trainers import forward
from tests.models import oracles

TINY = {"num_classes": 3, "input_shape": (8, 8, 3)}
NAMES = [name for name in MODELS if name.startswith("efficientnet")]


def tiny(**options):
    """16 blocks would be slow: two of the seven stages at a tenth."""
    return efficientnet(0.1, 0.2, **{**TINY, **options})


def images(count=4, size=8, dtype="float32"):
    rng = np.random.default_rng(0)
    return rng.normal(size=(count, size, size, 3)).astype(dtype)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # keras-hub's preset; PAPER.md section 6.3 for the others, in millions
        ("efficientnet_b0", 5_288_548),
        ("efficientnet_b6", pytest.approx(43.0e6, rel=2e-3)),
        ("efficientnet_b7", pytest.approx(66.3e6, rel=2e-3)),
        ("efficientnet_l2", pytest.approx(480e6, rel=5e-3)),
        ("efficientnet_b6_wide", pytest.approx(316.6e6, rel=5e-3)),
    ],
)
def test_parameters_are_those_of_the_released_networks(name, expected):
    assert measure(name).parameters == expected


@pytest.mark.parametrize(
    ("name", "billions"),
    # arXiv:1905.11946, table 2
    [("b0", 0.39), ("b1", 0.70), ("b2", 1.0), ("b3", 1.8), ("b4", 4.2)],
)
def test_multiply_adds_are_those_of_the_paper(name, billions):
    counted = measure(f"efficientnet_{name}").multiply_adds
    assert counted == pytest.approx(billions * 1e9, rel=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_presets_carry_their_resolution_and_name(name):
    parameters = MODELS[name].keywords
    assert parameters["name"] == name
    size = parameters["input_shape"][0]
    assert parameters["input_shape"] == (size, size, 3)
    assert 224 <= size <= 800


@pytest.mark.parametrize(
    ("size", "early_stride", "expected"),
    [(224, None, 7), (32, None, 8), (32, 2, 1), (224, 1, 56)],
)
def test_small_images_keep_their_resolution_for_longer(
    size, early_stride, expected
):
    model = efficientnet(
        0.1,
        0.2,
        include_top=False,
        input_shape=(size, size, 3),
        early_stride=early_stride,
    )
    assert model.output_shape == (None, expected, expected, 128)


@pytest.mark.parametrize("shape", [(None, None, 3), (5, 9, 1), (40, 24, 4)])
def test_any_input_shape_will_do(shape):
    model = tiny(input_shape=shape)
    height, width, channels = shape[0] or 6, shape[1] or 7, shape[2]
    assert model(np.zeros((2, height, width, channels))).shape == (2, 3)


@pytest.mark.slow
def test_outputs_equal_those_of_keras_cv():
    """keras-cv, alone, has an activation after each projection, too."""
    keras_cv = pytest.importorskip("keras_cv")
    theirs = keras_cv.models.EfficientNetV1Backbone(
        stackwise_kernel_sizes=[3, 3, 5, 3, 5, 5, 3],
        stackwise_num_repeats=[1, 2, 2, 3, 3, 4, 1],
        stackwise_input_filters=[32, 16, 24, 40, 80, 112, 192],
        stackwise_output_filters=[16, 24, 40, 80, 112, 192, 320],
        stackwise_expansion_ratios=[1, 6, 6, 6, 6, 6, 6],
        stackwise_strides=[1, 2, 2, 2, 1, 2, 1],
        stackwise_squeeze_and_excite_ratios=[0.25] * 7,
        width_coefficient=1.0,
        depth_coefficient=1.0,
        include_rescaling=False,
        input_shape=(224, 224, 3),
    )
    pixels = oracles.images_of(224) / 255
    ours = create("efficientnet_b0", include_top=False)
    with_swish, without = theirs, keras.models.clone_model(theirs)
    for layer in without.layers:
        if layer.name.endswith("project_activation"):
            layer.activation = keras.activations.linear
    for network, is_as_shipped in ((without, False), (with_swish, True)):
        oracles.awaken(network, pixels)
        for layer in ours.layers:
            if layer.weights:
                name = keras_cv_name(layer.name)
                layer.set_weights(network.get_layer(name).get_weights())
        if is_as_shipped:
            append_swish_to_projections(ours)
        expected = network(pixels, training=False)
        oracles.assert_parity(expected, ours(pixels, training=False))


def keras_cv_name(name):
    if name.endswith("_project_conv"):
        return name.removesuffix("_conv")
    head, _, last = name.rpartition("_")
    is_depthwise_norm = last == "bn" and len(head) == len("block1a")
    return f"{head}_dwconv_bn" if is_depthwise_norm else name


def append_swish_to_projections(model):
    for layer in model.layers:
        if layer.name.endswith("project_bn"):
            layer.call = swish_after(layer.call)


def swish_after(call):
    return lambda inputs, training=None: keras.activations.swish(
        call(inputs, training=training)
    )


def test_squeeze_is_a_quarter_of_the_input_channels():
    model = create("efficientnet_b0", include_top=False, input_shape=(8, 8, 3))
    found = {
        layer.name[:7]: layer.filters
        for layer in model.layers
        if layer.name.endswith("se_reduce")
    }
    # Inputs of the first block of each stage: 32, 16, 24, 40, 80, 112, 192.
    expected = [8, 4, 6, 10, 20, 28, 48]
    assert [found[f"block{stage}a"] for stage in range(1, 8)] == expected


def test_stochastic_depth_grows_linearly_and_is_off_by_default():
    def rates(**options):
        model = create(
            "efficientnet_b0",
            include_top=False,
            input_shape=(8, 8, 3),
            **options,
        )
        return {
            layer.name: layer.rate
            for layer in model.layers
            if isinstance(layer, keras.layers.Dropout)
        }

    assert rates() == {}
    found = rates(stochastic_depth=0.32)
    # Of 16 blocks, the nine that have a residual; the 3rd is the first.
    assert len(found) == 9
    assert found["block2b_drop"] == pytest.approx(0.32 * 2 / 16)
    assert found["block6d_drop"] == pytest.approx(0.32 * 14 / 16)


def test_stochastic_depth_drops_whole_examples_and_keeps_the_mean():
    model = create(
        "efficientnet_b0",
        include_top=False,
        input_shape=(8, 8, 3),
        stochastic_depth=0.8,
    )
    layer = model.get_layer("block6d_drop")
    kept = layer(np.ones((2000, 2, 2, 3), "float32"), training=True).numpy()
    values = kept.reshape(2000, -1)
    assert (np.ptp(values, axis=1) == 0).all()
    assert set(np.round(np.unique(values), 4)) == {0.0, np.float32(3.3333)}
    assert values.mean() == pytest.approx(1, abs=0.15)
    untouched = layer(np.ones((3, 2, 2, 3)), training=False)
    np.testing.assert_array_equal(untouched, 1)


def test_draws_follow_the_key_that_the_trainer_lends():
    model = tiny(stochastic_depth=0.9, dropout=0.5)
    inputs = images(8)
    first, again, other = (
        forward(model, inputs, tf.constant(key), move_statistics=False)
        for key in ([1, 2], [1, 2], [3, 4])
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("float16", "float32"),
        ("bfloat16", "float32"),
        ("mixed_float16", "float32"),
        ("mixed_bfloat16", "float32"),
        ("float64", "float64"),
    ],
)
def test_logits_are_never_narrower_than_float32(policy, expected):
    model = tiny(dtype=policy, dropout=0.5, include_rescaling=True)
    logits = model(images(), training=True)
    assert logits.dtype == expected
    assert np.isfinite(logits).all()
    policies = {layer.dtype_policy.name for layer in model.layers[2:-1]}
    assert policies == {policy}


def test_config_round_trip_gives_equal_outputs():
    model = tiny(stochastic_depth=0.2, dropout=0.3, include_rescaling=True)
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    assert copy.name == "efficientnet_0.1_0.2"
    assert [x.name for x in copy.layers] == [x.name for x in model.layers]
    np.testing.assert_array_equal(copy(images()), model(images()))


def test_rescaling_takes_pixels():
    model = tiny(include_rescaling=True)
    bare = tiny()
    bare.set_weights(model.get_weights())
    pixels = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3))
    mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    standardised = (pixels / 255 - mean) / deviation
    np.testing.assert_allclose(
        model(pixels.astype("float32")),
        bare(standardised),
        rtol=1e-4,
        atol=1e-5,
    )


def test_exported_file_computes_the_same(tmp_path):
    model = tiny(stochastic_depth=0.2, dropout=0.3, include_rescaling=True)
    model(images(), training=True)
    path = keras_mpl.export(model, tmp_path / "plain.keras")
    loaded = keras.models.load_model(path)
    for layer in loaded.layers:
        assert not isinstance(layer, BatchNorm)
    np.testing.assert_allclose(loaded(images()), model(images()), rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("width", 0.0),
        ("depth", -1.0),
        ("num_classes", 0),
        ("num_classes", None),
        ("input_shape", (32, 32)),
        ("input_shape", (32, 32, None)),
        ("early_stride", 3),
        ("dropout", 1.0),
        ("stochastic_depth", -0.1),
        ("batch_norm_momentum", 1.5),
    ],
)
def test_wrong_arguments_are_named(name, wrong):
    options = {"width": 0.1, "depth": 0.2, **TINY, name: wrong}
    with pytest.raises(ValueError, match=rf"`{name}` must .* Received: {name}"):
        efficientnet(**options)


def test_rescaling_needs_three_channels():
    message = r"must be \(height, width, 3\), the three colours"
    with pytest.raises(ValueError, match=message):
        tiny(include_rescaling=True, input_shape=(8, 8, 1))


def test_multiply_adds_equal_those_of_the_profiler():
    model = tiny()
    call = tf.function(lambda x: model(x, training=False))
    graph = call.get_concrete_function(tf.TensorSpec((1, 8, 8, 3))).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    profile = tf.compat.v1.profiler.profile(graph, cmd="op", options=options)
    operations = {}
    while profile.children:  # a chain, one operation each
        profile = profile.children[0]
        operations[profile.name] = profile.float_ops
    kernels = ("Conv2D", "DepthwiseConv2dNative", "MatMul")
    counted = multiply_adds(model)
    assert 2 * counted == sum(operations[kernel] for kernel in kernels)
