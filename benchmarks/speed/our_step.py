"""One configuration of ours as a worker of `throughput.py`.

    python -m benchmarks.speed.our_step '{"method": "uda", ...}'

The step is `tf.function(model.train_step)` on one batch in memory, so that no
data pipeline is timed.
"""

import ast
import json
import sys
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import keras_mpl
from benchmarks.common import turns
from benchmarks.speed import convolutions
from keras_mpl import models
from keras_mpl import trainers
from keras_mpl.recipes.methods import PAPERS

_CLASSES = 10
_METHODS: dict[str, Any] = {
    "fixmatch": trainers.FixMatch,
    "mean_teacher": trainers.MeanTeacher,
    "mpl": trainers.MetaPseudoLabels,
    "pseudo_label": trainers.PseudoLabel,
    "supervised": trainers.Supervised,
    "uda": trainers.UDA,
}
_WITH_TEACHER = ("mpl", "pseudo_label")


def network(name: str, size: int) -> keras.Model:
    """Builds a network for square images of ten classes."""
    shape = (size, size, 3)
    return models.create(name, num_classes=_CLASSES, input_shape=shape)


def value(text: str) -> object:
    """Reads the value of a setting: a Python literal, or a word.

    >>> value("0.5"), value("false"), value("soft")
    (0.5, False, 'soft')
    """
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def trainer(given: Mapping[str, Any]) -> trainers.Method:
    """Builds the model of a configuration, compiled.

    Args:
        given: The fields of a `throughput.Case`.
    """
    method = given["method"]
    count = 2 if method in _WITH_TEACHER else 1
    networks = [network(given["model"], given["size"]) for _ in range(count)]
    settings: dict[str, Any] = {"clip_norm": 5.0, "seed": 1}
    if method == "mpl":
        settings |= {"feedback": given["feedback"], **PAPERS}
    for item in given["settings"]:
        name, _, text = item.partition("=")
        settings[name] = value(text)
    model = _METHODS[method](*networks, **settings)
    model.compile(
        jit_compile=given["jit_compile"],
        **{
            f"{name}_optimizer": keras.optimizers.SGD(0.05, 0.9, nesterov=True)
            for name in model.trained_networks
        },
    )
    return model


def batch(given: Mapping[str, Any]) -> keras_mpl.Batch:
    """Returns a batch of noise; what is in it does not matter."""
    rng = np.random.default_rng(0)
    labeled, size = given["batch_size"], given["size"]
    unlabeled = labeled * given["ratio"]

    def images(count: int) -> tf.Tensor:
        noise = rng.normal(size=(count, size, size, 3))
        return tf.constant(noise, tf.float32)

    labels = tf.constant(rng.integers(0, _CLASSES, labeled), tf.int32)
    weak, strong = images(unlabeled), images(unlabeled)
    return keras_mpl.Batch(images(labeled), labels, weak, strong)


def work(given: Mapping[str, Any]) -> turns.Work:
    """Builds a configuration's step; TensorFlow must not have computed yet."""
    model, data = trainer(given), batch(given)
    function = tf.function(model.train_step, jit_compile=given["jit_compile"])

    def step() -> None:
        logs = function(data)
        float(logs["student_loss" if "student_loss" in logs else "loss"])

    def facts() -> dict[str, object]:
        graph = function.get_concrete_function(data).graph
        try:
            counted = convolutions.traced(graph)
        except ValueError:  # a loop over microbatches
            counted = None
        return {
            "traced_flops": counted,
            "operations": len(graph.get_operations()),
        }

    return turns.Work(step, facts)


def set_up(given: Mapping[str, Any]) -> None:
    """Sets threads and precision, before TensorFlow computes anything."""
    if given["threads"]:
        tf.config.threading.set_intra_op_parallelism_threads(given["threads"])
        tf.config.threading.set_inter_op_parallelism_threads(given["threads"])
    keras.config.set_dtype_policy(given["precision"])
    keras.utils.set_random_seed(0)


def main() -> None:
    """Is a worker for the configuration in the first argument."""
    given = json.loads(sys.argv[1])
    set_up(given)
    turns.serve(lambda: work(given))


if __name__ == "__main__":
    main()
