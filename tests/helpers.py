"""Small networks, fake batches and slow, independent oracles."""

import keras
import numpy as np
import tensorflow as tf

from keras_mpl import Batch
from keras_mpl import MetaPseudoLabels
from keras_mpl.recipes.methods import PAPERS

CLASSES = 3
FEATURES = 4


def tiny_net(*, norm=False, dropout=0.0, dtype="float32", seed=0, gain=1.0):
    """At most 40 weights: Dense, perhaps BatchNorm, tanh, Dense."""
    init = keras.initializers.GlorotUniform
    layers = [
        keras.Input((FEATURES,), dtype=dtype),
        keras.layers.Dense(3, kernel_initializer=init(seed), dtype=dtype),
    ]
    if norm:
        layers.append(keras.layers.BatchNormalization(dtype=dtype))
    layers.append(keras.layers.Activation("tanh", dtype=dtype))
    if dropout:
        layers.append(keras.layers.Dropout(dropout, seed=seed, dtype=dtype))
    last = init(seed + 1)
    layers.append(
        keras.layers.Dense(CLASSES, kernel_initializer=last, dtype=dtype)
    )
    if gain != 1.0:
        layers.append(keras.layers.Rescaling(gain, dtype=dtype))
    return keras.Sequential(layers)


def fake_batch(*, labeled=6, unlabeled=8, dtype="float32", seed=0):
    rng = np.random.default_rng(seed)
    weak = rng.normal(size=(unlabeled, FEATURES))
    return Batch(
        tf.constant(rng.normal(size=(labeled, FEATURES)), dtype),
        tf.constant(rng.integers(0, CLASSES, labeled), "int32"),
        tf.constant(weak, dtype),
        tf.constant(weak + rng.normal(size=weak.shape) / 4, dtype),
    )


def repeated(batch, steps):
    return tf.data.Dataset.from_tensors(batch).repeat(steps)


def state(model):
    """Copies everything that a train step may change."""
    return [np.copy(v.value) for v in state_variables(model)]


def restore(model, values):
    for variable, value in zip(state_variables(model), values, strict=True):
        variable.assign(value)


def state_variables(model):
    optimizers = (model.optimizer, getattr(model, "teacher_optimizer", None))
    of_optimizers = [v for o in optimizers if o for v in o.variables]
    return [*model.weights, *of_optimizers]


def flat(variables):
    return np.concatenate([np.ravel(v.value) for v in variables])


def assign_flat(variables, vector):
    at = 0
    for variable in variables:
        size = int(np.prod(variable.shape))
        variable.assign(np.reshape(vector[at : at + size], variable.shape))
        at += size


def numeric_grad(function, vector, eps=1e-5):
    """Central differences of a scalar function of a vector."""
    gradient = np.zeros_like(vector)
    for i in range(len(vector)):
        step = np.zeros_like(vector)
        step[i] = eps
        gradient[i] = (function(vector + step) - function(vector - step)) / (
            2 * eps
        )
    return gradient


def relative_error(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


def log_softmax(logits):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def one_hot(labels):
    return np.eye(CLASSES)[np.asarray(labels)]


def in_training_mode(network, inputs):
    """A training-mode forward pass that leaves no trace, as NumPy logits."""
    with keras.StatelessScope():
        return np.asarray(network(inputs, training=True), "float64")


def labeled_loss(network, batch):
    logits = in_training_mode(network, batch.labeled_inputs)
    per_example = (one_hot(batch.labels) * log_softmax(logits)).sum(-1)
    return -per_example.mean()


def mpl(teacher, student, *, student_optimizer=None, teacher_lr=1.0, **options):
    """A compiled MetaPseudoLabels with the teacher on plain SGD."""
    options = {
        **PAPERS,
        "consistency_weight": 0.0,
        "ema_decay": 0.0,
        "seed": 7,
        **options,
    }
    compiled = {
        name: options.pop(name)
        for name in ("jit_compile", "metrics", "run_eagerly")
        if name in options
    }
    model = MetaPseudoLabels(teacher, student, **options)
    model.compile(
        student_optimizer=student_optimizer or keras.optimizers.SGD(0.5),
        teacher_optimizer=keras.optimizers.SGD(teacher_lr),
        **compiled,
    )
    return model


def probs(network, inputs):
    """Training-mode predictions as NumPy probabilities, without a trace."""
    return np.exp(log_softmax(in_training_mode(network, inputs)))


def cross_entropies(targets, predicted):
    """One cross-entropy per row of two NumPy arrays of probabilities."""
    return -(targets * np.log(predicted)).sum(-1)


def first_logs(model, batch):
    """What a model logs of its first step, on float64 or float32 nets."""
    model.compile(
        run_eagerly=True,
        **{f"{name}_optimizer": "sgd" for name in model.trained_networks},
    )
    history = model.fit(repeated(batch, 1), verbose=0).history
    return {name: values[0] for name, values in history.items()}
