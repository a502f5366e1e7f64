"""The rate of each convolution of a network by itself, and of a matrix product.

    python -m benchmarks.speed.peak '{"model": "wrn_28_2", ...}'

It is a worker of `throughput.py`, in whose rounds it takes its turn. The best
call of all rounds counts: that is the peak that a step is measured against.
"""

import functools
import json
import sys
import time
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

import keras_mpl
from benchmarks.common import turns
from benchmarks.speed import convolutions
from benchmarks.speed import our_step
from benchmarks.speed.convolutions import Layer
from keras_mpl import report

_CALLS = 3  # of each, in a turn
_MATRIX = 2048  # rows and columns

Calls = dict[tuple[Layer, str], tuple[Callable[[], tf.Tensor], float]]


def calls_of(layer: Layer, images: int, dtype: str) -> Calls:
    """Makes a call for each direction of a layer, with its operations."""
    size = -(-layer.size // layer.stride)
    inward = [images, layer.size, layer.size, layer.channels]
    outward = [images, size, size, layer.filters]
    shape = [layer.kernel, layer.kernel, layer.channels, layer.filters]
    x, y, kernel = (
        tf.cast(tf.random.normal(of), dtype) for of in (inward, outward, shape)
    )
    how = {"strides": [1, layer.stride, layer.stride, 1], "padding": "SAME"}

    @tf.function
    def forward(x, kernel):
        return tf.raw_ops.Conv2D(input=x, filter=kernel, **how)

    @tf.function
    def by_inputs(y, kernel):
        return tf.raw_ops.Conv2DBackpropInput(
            input_sizes=inward, filter=kernel, out_backprop=y, **how
        )

    @tf.function
    def by_weights(x, y):
        return tf.raw_ops.Conv2DBackpropFilter(
            input=x, filter_sizes=shape, out_backprop=y, **how
        )

    made = (
        functools.partial(forward, x, kernel),
        functools.partial(by_inputs, y, kernel),
        functools.partial(by_weights, x, y),
    )
    flops = float(images * layer.flops)
    return {
        (layer, direction): (call, flops)
        for direction, call in zip(convolutions.DIRECTIONS, made, strict=True)
    }


def work(given: Mapping[str, Any]) -> turns.Work:
    """Times each distinct convolution of a network, and a matrix product."""
    network = convolutions.layers(
        our_step.network(given["model"], given["size"])
    )
    dtype = given["precision"].removeprefix("mixed_")
    images = given["batch_size"] * (1 + 2 * given["ratio"])
    calls: Calls = {}
    for layer in dict.fromkeys(network):
        calls |= calls_of(layer, images, dtype)
    matrix = tf.cast(tf.random.normal([_MATRIX, _MATRIX]), dtype)
    product = tf.function(tf.matmul)
    best: dict[object, float] = {}

    def keep(key: object, call: Callable[[], tf.Tensor], flops: float) -> None:
        for _ in range(_CALLS):
            start = time.perf_counter()
            call()
            rate = flops / (time.perf_counter() - start)
            best[key] = max(best.get(key, 0.0), rate)

    def step() -> None:
        for key, (call, flops) in calls.items():
            keep(key, call, flops)
        keep("matmul", lambda: product(matrix, matrix), 2.0 * _MATRIX**3)

    def facts() -> dict[str, object]:
        return {
            "layers": network,
            "images": images,
            "matmul": best["matmul"],
            "rates": [[*key, best[key]] for key in calls],
            "environment": report.environment(keras_mpl.__version__),
        }

    return turns.Work(step, facts)


def main() -> None:
    """Is a worker for the network in the first argument."""
    given = json.loads(sys.argv[1])
    our_step.set_up(given)
    turns.serve(lambda: work(given))


if __name__ == "__main__":
    main()
