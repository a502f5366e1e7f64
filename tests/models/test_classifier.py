"""Backbones of three libraries become teachers and students."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_mpl
from keras_mpl.models import classifier

SHAPE = (32, 32, 3)
FIRST = "channels_first"


def of_keras_applications():
    return keras.applications.MobileNet(
        input_shape=SHAPE, alpha=0.25, include_top=False, weights=None
    )


def of_keras_cv():
    keras_cv = pytest.importorskip("keras_cv")
    return keras_cv.models.EfficientNetV1Backbone(
        stackwise_kernel_sizes=[3, 5],
        stackwise_num_repeats=[1, 2],
        stackwise_input_filters=[8, 8],
        stackwise_output_filters=[8, 16],
        stackwise_expansion_ratios=[1, 2],
        stackwise_strides=[1, 2],
        stackwise_squeeze_and_excite_ratios=[0.25, 0.25],
        width_coefficient=1.0,
        depth_coefficient=1.0,
        include_rescaling=False,
        input_shape=SHAPE,
    )


def of_keras_hub():
    keras_hub = pytest.importorskip(
        "keras_hub", reason="needs keras-hub: pip install keras-hub"
    )
    return keras_hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[3],
        stackwise_num_filters=[64, 8],
        stackwise_num_blocks=[1, 1],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
        image_shape=SHAPE,
    )


FAMILIES = {
    "keras.applications": of_keras_applications,
    "keras-cv": of_keras_cv,
    "keras-hub": of_keras_hub,
}
any_family = pytest.mark.parametrize(
    "make", FAMILIES.values(), ids=FAMILIES.keys()
)


def images(count=4):
    rng = np.random.default_rng(0)
    return rng.normal(size=(count, *SHAPE)).astype("float32")


def small(*layers, shape=SHAPE):
    return keras.Sequential([keras.Input(shape), *layers])


@any_family
def test_backbone_of_any_family_ends_in_float32_logits(make):
    backbone = make()
    model = classifier(backbone, 3, dropout=0.5)
    logits = model(images())
    assert logits.shape == (4, 3)
    assert logits.dtype == "float32"
    features = np.asarray(backbone(images())).mean(axis=(1, 2))
    dense = model.get_layer("logits")
    np.testing.assert_allclose(logits, dense(features), rtol=1e-4, atol=1e-5)


@any_family
def test_exported_classifier_computes_the_same(make, tmp_path):
    model = classifier(make(), 3)
    model(images(), training=True)
    path = keras_mpl.export(model, tmp_path / "plain.keras")
    loaded = keras.models.load_model(path)
    assert loaded.name == model.name
    np.testing.assert_allclose(loaded(images()), model(images()), rtol=1e-5)


@any_family
def test_feedback_reaches_a_teacher_through_a_student(make):
    model = keras_mpl.MetaPseudoLabels(
        classifier(make(), 3, name="teacher"),
        classifier(make(), 3, name="student"),
        consistency_weight=0.0,
        ema_decay=0.0,
        seed=0,
    )
    model.compile(
        teacher_optimizer=keras.optimizers.SGD(0.1),
        student_optimizer=keras.optimizers.SGD(0.1),
        run_eagerly=True,  # a step or two: tracing would take longer
    )
    batch = keras_mpl.Batch(
        images(3), np.array([0, 1, 2]), images(4), 2 * images(4)
    )
    history = model.fit(tf.data.Dataset.from_tensors(batch), verbose=0).history
    assert np.isfinite(history["student_loss"]).all()
    assert np.abs(history["feedback"]).max() > 0


def test_sequences_and_vectors_are_features_too():
    sequence = small(keras.layers.Dense(5), shape=(7, 2))
    vector = small(keras.layers.Dense(5), shape=(7,))
    assert classifier(sequence, 2).output_shape == (None, 2)
    assert classifier(vector, 2).output_shape == (None, 2)
    assert classifier(vector, 2).name.endswith("_classifier")


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("mixed_bfloat16", "float32"), ("float64", "float64")],
)
def test_logits_are_wide_whatever_the_features(policy, expected):
    backbone = small(keras.layers.Conv2D(2, 3, dtype=policy))
    assert classifier(backbone, 2)(images()).dtype == expected


class Unbuilt(keras.Model):
    pass


def of_two_outputs():
    inputs = keras.Input((4,))
    return keras.Model(inputs, [inputs, keras.layers.Dense(2)(inputs)])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: "resnet", "must be a functional or sequential"),
        (lambda: Unbuilt(), "must be a functional or sequential"),
        (of_two_outputs, "must have one output .* choose one"),
        (
            lambda: small(
                keras.layers.Flatten(), keras.layers.Reshape((1,) * 3 + (3072,))
            ),
            "must have one output",
        ),
        (
            lambda: keras.applications.MobileNet(
                input_shape=SHAPE, alpha=0.25, weights=None
            ),
            "must end in features",
        ),
        (
            lambda: small(
                keras.layers.Conv2D(2, 3, data_format="channels_first")
            ),
            "must have its channels last",
        ),
        (
            lambda: small(keras.layers.Conv2D(2, 3, activity_regularizer="l2")),
            "must have no losses on activations",
        ),
    ],
    ids=["text", "unbuilt", "two", "rank", "head", "channels", "regularizer"],
)
def test_what_can_not_be_trained_is_said_at_construction(make, message):
    with pytest.raises(ValueError, match=f"`backbone` {message}.* Received: "):
        classifier(make(), 3)


@pytest.mark.parametrize(
    ("name", "options"),
    [("num_classes", {"num_classes": 0}), ("dropout", {"dropout": 1.0})],
)
def test_wrong_arguments_are_named(name, options):
    backbone = small(keras.layers.Conv2D(2, 3))
    with pytest.raises(ValueError, match=rf"`{name}` must .* Received: {name}"):
        classifier(backbone, **{"num_classes": 3, **options})
