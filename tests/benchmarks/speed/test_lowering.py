"""A train step holds nothing that a TPU would refuse, as far as XLA can say."""

import keras
import pytest
import tensorflow as tf

from benchmarks.speed import lowering
from keras_mpl import models
from keras_mpl.feedback import KINDS

SHAPE = (8, 8, 3)


@pytest.fixture(params=["float32", "mixed_bfloat16"])
def precision(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


def small():
    return keras.Sequential(
        [
            keras.Input(SHAPE),
            keras.layers.Conv2D(4, 3, strides=2, use_bias=False),
            models.BatchNorm(),
            keras.layers.Activation("relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10, dtype="float32"),
        ]
    )


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=[] if kind == "soft" else pytest.mark.slow)
        for kind in KINDS
    ],
)
def test_a_step_lowers_to_what_a_tpu_has(precision, kind):
    found = lowering.lowered(
        lowering.step_of(kind, small), lowering.batch(SHAPE)
    )
    assert lowering.problems(found) == []
    assert ("bf16" in found["types"]) == (precision == "mixed_bfloat16")
    assert found["instructions"]["convolution"] > 5


@pytest.mark.slow
def test_a_step_of_a_wide_resnet_lowers_to_what_a_tpu_has(precision):
    found = lowering.lowered(lowering.step_of("soft"), lowering.batch())
    assert lowering.problems(found) == []


def test_what_a_tpu_lacks_is_found():
    def unfit(values):
        texts = tf.strings.as_string(values)
        kept = tf.where(values > tf.random.uniform(values.shape))
        return tf.cast(tf.shape(kept)[0] + tf.shape(texts)[0], tf.float64)

    graph = tf.function(unfit).get_concrete_function(tf.zeros(3)).graph
    names = [operation.type for operation in graph.get_operations()]
    found = {
        "operations": dict.fromkeys(names, 1),
        "instructions": {"add": 1, "custom-call": 2},
        "types": {"f32": 1, "f64": 1},
        "is_dynamic": True,
    }
    assert set(lowering.problems(found)) == {
        "AsString",
        "RandomUniform",
        "Where",
        "custom-call",
        "f64",
        "a dynamic shape",
    }


def test_on_a_tpu_a_step_does_not_check_labels_with_texts(monkeypatch):
    """Under a strategy Keras takes jit_compile for off; a TPU compiles."""
    there = type(tf.distribute.get_strategy())
    monkeypatch.setattr(tf.distribute, "TPUStrategy", there)
    step = lowering.step_of("soft", small, jit_compile="auto")
    graph = step.get_concrete_function(lowering.batch(SHAPE)).graph
    names = {operation.type for operation in graph.get_operations()}
    assert not {"StringFormat", "Assert"} & names
