"""What the feedback needs of every layer: to be differentiated twice."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_mpl
from keras_mpl.models import create
from keras_mpl.models import efficientnet
from keras_mpl.models import resnet_50
from keras_mpl.models import wide_resnet

CLASSES = 3


def tiny_efficientnet(size):
    return efficientnet(
        0.1,
        0.2,  # one block per stage
        num_classes=CLASSES,
        input_shape=(size, size, 3),
        include_rescaling=True,
        dtype="float64",
    )


def a_resnet(variant):
    return lambda size: resnet_50(
        variant=variant,
        num_classes=CLASSES,
        input_shape=(size, size, 3),
        dtype="float64",
    )


def a_wide_resnet(size):
    shape = size, size, 3
    return wide_resnet(
        10, 1, num_classes=CLASSES, input_shape=shape, dtype="float64"
    )


NETWORKS = {
    "wide_resnet": (a_wide_resnet, 8),
    "efficientnet": (tiny_efficientnet, 8),
    "resnet_v1.5": (a_resnet("v1.5"), 32),
    "resnet_v1": (a_resnet("v1"), 32),
}
# The last stage normalises four values: losses bend within 1e-7.
STEPS = {"resnet_v1.5": 1e-10, "resnet_v1": 1e-10}


def images(count, size, dtype="float32"):
    rng = np.random.default_rng(0)
    return rng.normal(size=(count, size, size, 3)).astype(dtype)


class Case:
    """A network, inputs, targets, and a direction in its weights."""

    def __init__(self, name):
        make, size = NETWORKS[name]
        rng = np.random.default_rng(1)
        self.network = make(size)
        self.inputs = tf.constant(60 * images(4, size, "float64") + 120)
        self.targets = tf.constant(rng.dirichlet(np.ones(CLASSES), 4))
        self.weights = self.network.trainable_weights
        self.direction = [
            tf.constant(rng.normal(size=w.shape)) for w in self.weights
        ]

    def losses(self):
        """Of each class of each example; statistics stay where they are."""
        with keras.StatelessScope():
            logits = self.network(self.inputs, training=True)
        return -tf.nn.log_softmax(logits)

    def gradient(self):
        values = [weight.value for weight in self.weights]
        with tf.GradientTape() as tape:
            tape.watch(values)
            loss = tf.reduce_sum(self.targets * self.losses())
        return tape.gradient(loss, values)

    def difference(self, function, step):
        """Of a function's values, along the direction, by its length."""
        ends = []
        for sign in (1, -2):
            for weight, part in zip(self.weights, self.direction, strict=True):
                weight.assign_add(sign * step * part)
            ends.append(function())
        for weight, part in zip(self.weights, self.direction, strict=True):
            weight.assign_add(step * part)
        return tf.nest.map_structure(lambda a, b: (a - b) / (2 * step), *ends)


@pytest.mark.parametrize(
    "name",
    [
        "wide_resnet",
        "efficientnet",
        pytest.param("resnet_v1.5", marks=pytest.mark.slow),
        pytest.param("resnet_v1", marks=pytest.mark.slow),
    ],
)
def test_credit_equals_central_differences(name):
    case = Case(name)
    with tf.GradientTape() as tape:
        tape.watch(case.targets)
        gradient = case.gradient()
    credit = tape.gradient(
        gradient, case.targets, output_gradients=case.direction
    )
    # <gradient, v> is the loss' derivative along v, and linear in targets.
    expected = case.difference(case.losses, STEPS.get(name, 1e-7))
    scale = np.abs(expected).max()
    assert scale > 1e-2
    np.testing.assert_allclose(credit, expected, atol=1e-4 * scale)


@pytest.mark.parametrize("name", ["wide_resnet", "efficientnet"])
def test_hessian_products_equal_central_differences(name):
    case = Case(name)
    values = [weight.value for weight in case.weights]
    with tf.GradientTape() as tape:
        tape.watch(values)
        gradient = case.gradient()
    found = tape.gradient(gradient, values, output_gradients=case.direction)
    expected = case.difference(case.gradient, 1e-7)
    for weight, product, slow in zip(
        case.weights, found, expected, strict=True
    ):
        scale = np.abs(slow).max() + 1e-3
        assert np.abs(product - slow).max() < 1e-3 * scale, weight.path


@pytest.mark.slow
def test_mpl_of_b0_teaching_wrn_28_2_trains():
    """Three kinds of noise that differ in their mean, twelve labels."""
    shape = {
        "num_classes": 3,
        "input_shape": (8, 8, 3),
        "batch_norm_momentum": 0.9,
    }
    model = keras_mpl.MetaPseudoLabels(
        create("efficientnet_b0", **shape, stochastic_depth=0.1),
        create("wrn_28_2", **shape),
        consistency_weight=1.0,
        seed=0,
    )
    model.compile(
        teacher_optimizer=keras.optimizers.SGD(0.02),
        student_optimizer=keras.optimizers.SGD(0.02),
        metrics=["accuracy"],
    )
    labels = np.arange(12) % 3
    inputs = images(12, 8) + 2.0 * (labels[:, None, None, None] - 1)
    inputs = inputs.astype("float32")
    batch = keras_mpl.Batch(inputs, labels, inputs, inputs + images(12, 8) / 4)
    data = tf.data.Dataset.from_tensors(batch).repeat(8)
    history = model.fit(data, epochs=6, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert np.abs(history["feedback"]).min() > 1e-3
    assert history["teacher_accuracy"][-1] > 0.9
    assert history["student_loss"][-1] < 0.3 * history["student_loss"][0]
    predicted = np.argmax(model.student(inputs, training=False), axis=-1)
    assert np.mean(predicted == labels) > 0.9
