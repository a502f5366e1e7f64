"""The operations of a network's convolutions, counted by direction.

They are counted twice: from the layers, times the passes that the algorithm
needs, and from the traced graph of a step, which is what it computes.
Depthwise convolutions and dense layers are not counted. TensorFlow is not
needed here.
"""

import collections
import math
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import NamedTuple

from keras_mpl.recipes.work import Passes

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

DIRECTIONS = ("forward", "by_inputs", "by_weights")
_DIRECTION_OF = {
    "Conv2D": "forward",
    "Conv2DBackpropInput": "by_inputs",
    "Conv2DBackpropFilter": "by_weights",
}


class Layer(NamedTuple):
    """A convolution of square images by square kernels.

    Attributes:
        size: Height and width of what goes in.
        channels: Of what goes in.
        filters: Channels of what comes out.
        kernel: Height and width of the kernel.
        stride: In both directions.
    """

    size: int
    channels: int
    filters: int
    kernel: int
    stride: int

    @property
    def flops(self) -> int:
        """Operations of one image: 2 for each multiply-add."""
        positions = math.ceil(self.size / self.stride) ** 2
        area = self.kernel**2
        return 2 * positions * area * self.channels * self.filters


def layers(model: "keras.Model") -> list[Layer]:
    """Lists the convolutions of a network, with repetitions, in their order."""
    found = []
    for layer in model._flatten_layers():
        if type(layer).__name__ == "Conv2D":
            kernel, _, channels, filters = layer.kernel.shape
            size, stride = layer.input.shape[1], layer.strides[0]
            found.append(Layer(size, channels, filters, kernel, stride))
    return found


def _work(
    network: Sequence[Layer], passes: Passes
) -> Iterator[tuple[Layer, str, float]]:
    """Yields operations by layer and direction.

    What goes into the first layer needs no gradient, and does not depend on
    the weights: it has no pass by inputs, and half the credit.
    """
    for number, layer in enumerate(network):
        is_first = number == 0
        credit = passes.credit * (1 if is_first else 2)
        yield layer, "forward", layer.flops * (passes.forward + credit)
        if not is_first:
            yield layer, "by_inputs", layer.flops * passes.backward
        yield layer, "by_weights", layer.flops * passes.backward


def needed(
    network: Sequence[Layer], every: Iterable[Passes]
) -> dict[str, float]:
    """Returns the operations that passes of a network need, by direction.

    Args:
        network: Its convolutions.
        every: Passes of one step.
    """
    total = dict.fromkeys(DIRECTIONS, 0.0)
    for passes in every:
        for _, direction, flops in _work(network, passes):
            total[direction] += flops
    return total


def seconds_alone(
    network: Sequence[Layer],
    every: Iterable[Passes],
    rates: Mapping[tuple[Layer, str], float],
) -> float:
    """Predicts what the convolutions of a step take if nothing else is done.

    Args:
        network: Its convolutions.
        every: Passes of one step.
        rates: Operations a second by layer and direction, timed alone.
    """
    return sum(
        flops / rates[layer, direction]
        for passes in every
        for layer, direction, flops in _work(network, passes)
    )


def traced(graph: "tf.Graph") -> dict[str, int]:
    """Returns the operations of a traced step, by direction.

    Operations that no result needs are left out, as TensorFlow does.

    Args:
        graph: Of a concrete function, with all shapes known.

    Raises:
        ValueError: If a convolution lies in a function that is called, such as
            a loop, where it can not be seen how often it runs.
    """
    found = dict.fromkeys(DIRECTIONS, 0)
    for op in _reachable(graph):
        if op.type in _DIRECTION_OF:
            found[_DIRECTION_OF[op.type]] += _flops(op)
    called = collections.Counter(
        node.op
        for function in graph.as_graph_def().library.function
        for node in function.node_def
    )
    if hidden := sorted(called.keys() & _DIRECTION_OF.keys()):
        raise ValueError(
            "`graph` must have its convolutions in itself. "
            f"Received: {', '.join(hidden)} in functions that it calls"
        )
    return found


def _reachable(graph: "tf.Graph") -> set["tf.Operation"]:
    todo = [tensor.op for tensor in graph.outputs]
    todo += list(graph.control_outputs)
    seen: set[tf.Operation] = set()
    while todo:
        op = todo.pop()
        if op not in seen:
            seen.add(op)
            todo += [t.op for t in op.inputs] + list(op.control_inputs)
    return seen


def _flops(op: "tf.Operation") -> int:
    """Counts positions x kernel, which are the same in every direction."""
    if op.type == "Conv2D":
        outward, kernel = op.outputs[0].shape, op.inputs[1].shape
    elif op.type == "Conv2DBackpropInput":
        outward, kernel = op.inputs[2].shape, op.inputs[1].shape
    else:
        outward, kernel = op.inputs[2].shape, op.outputs[0].shape
    return 2 * math.prod(outward) * math.prod(kernel[:3])
