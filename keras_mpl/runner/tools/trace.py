"""Reads a trace of TensorFlow's profiler: what the processor did, by kind.

The trace is a protocol buffer, whose class is not in TensorFlow's public API;
without it there is a trace for TensorBoard, and no table.
"""

import importlib
import re
from collections.abc import Collection
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import NamedTuple

_MODULES = (
    "tensorflow.tsl.profiler.protobuf.xplane_pb2",
    "tsl.profiler.protobuf.xplane_pb2",
)
_HOST = "/host:CPU"
_OPERATION = re.compile(r"([\w./\-]+):([A-Za-z_]\w*)")

FORWARD, BY_INPUTS, BY_WEIGHTS = (
    "convolutions, forward",
    "convolutions, by inputs",
    "convolutions, by weights",
)
NORMALISATION, ACTIVATION = "normalisation", "activations"
_MOVES = "parts joined, cut and turned"
# By kind, how the types of its operations begin; the first that fits counts.
_KINDS = {
    BY_WEIGHTS: r"\w*Conv\w*BackpropFilter",
    BY_INPUTS: r"\w*Conv\w*BackpropInput",
    FORWARD: r"\w*Conv2D|\w*Conv3D|\w*DepthwiseConv",
    NORMALISATION: r"\w*FusedBatchNorm",
    ACTIVATION: r"\w*Relu|Elu|Selu|Softplus|Swish|\w*Gelu|Tanh|Sigmoid",
    "matrix products": r"\w*MatMul|Einsum",
    "compiled by XLA": r"_?Xla",
    "optimizers and averages": r"Assign|Resource\w*Apply",
    "weights read": r"ReadVariable|_ReadVariable|VarHandle",
    _MOVES: (
        r"Concat|Split|Slice|StridedSlice|Transpose|Pad|Pack|Unpack|Gather|"
        r"Tile|Reshape|Cast|Broadcast|_MklToTf|Expand|Squeeze"
    ),
    "element by element": (
        r"Add|_MklAdd|Mul|_MklMul|Sub|_MklSub|Neg|Square|Sqrt|Rsqrt|Div|"
        r"RealDiv|Maximum|Minimum|Select|Exp|Log|_Unary|Greater|Less|IsFinite"
    ),
}
_OTHER = "other"
# They last as long as what they call, or as long as there are no data.
_CALLS = re.compile(
    r"\w*PartitionedCall|While|StatelessWhile|If|StatelessIf|Case|\w*Iterator\w*"
    r"|Optional\w*|_Send|_Recv|Enter|Exit|Merge|Switch|NextIteration"
)
_NORM = re.compile(r"(^|[/_])(batch_)?norm(alization)?(_\d+)?(/|$)")
_RELU = re.compile(r"(^|[/_])(relu|activation|swish|silu)(_\d+)?(/|$)")


class Kind(NamedTuple):
    """What operations of a kind took.

    Attributes:
        name: Of the kind, for people.
        seconds: Of all threads together.
        number: Of the operations.
    """

    name: str
    seconds: float
    number: int


def kind_of(name: str, operation: str, optimizers: Collection[str] = ()) -> str:
    """Returns the kind of an operation.

    Args:
        name: Its name in the graph, which names its layer.
        operation: Its type.
        optimizers: Names of the optimizers, whose parts are theirs.

    >>> kind_of("wrn/stage1_1_norm/mul", "Mul")
    'normalisation'
    >>> kind_of("sgd_1/Mul_28", "Mul", ["sgd"])
    'optimizers and averages'
    """
    found = next(
        (kind for kind, of in _KINDS.items() if re.match(of, operation)), _OTHER
    )
    if found in (FORWARD, BY_INPUTS, BY_WEIGHTS, "weights read"):
        return found
    if any(re.match(rf"{one}(_\d+)?/", name) for one in optimizers):
        return "optimizers and averages"
    if _NORM.search(name):
        return NORMALISATION
    return ACTIVATION if _RELU.search(name) else found


def read(folder: Path, optimizers: Collection[str] = ()) -> list[Kind] | None:
    """Sums up the operations of the last trace in a folder.

    Args:
        folder: What the profiler was given.
        optimizers: See `kind_of`.

    Returns:
        The kinds, that of the most seconds first; `None` if this TensorFlow
        has no way to read a trace, or the trace has no operations.
    """
    planes = _protocol()
    paths = sorted(folder.glob("plugins/profile/*/*.xplane.pb"))
    if planes is None or not paths:
        return None
    space = planes.XSpace()
    space.ParseFromString(paths[-1].read_bytes())
    seconds: dict[str, float] = {}
    counts: dict[str, int] = {}
    for name, operation, duration in _operations(space):
        kind = kind_of(name, operation, optimizers)
        seconds[kind] = seconds.get(kind, 0.0) + duration
        counts[kind] = counts.get(kind, 0) + 1
    kinds = [Kind(kind, seconds[kind], counts[kind]) for kind in seconds]
    return sorted(kinds, key=lambda kind: -kind.seconds) or None


def _protocol() -> Any | None:
    for module in _MODULES:
        try:
            return importlib.import_module(module)
        except ImportError:
            continue
    return None


def _operations(space: Any) -> Iterator[tuple[str, str, float]]:
    """Yields name, type and seconds of the processor's operations."""
    for plane in space.planes:
        if plane.name != _HOST:
            continue
        for line in plane.lines:
            for event in line.events:
                text = plane.event_metadata[event.metadata_id].name
                found = _OPERATION.fullmatch(text)
                if found and not _CALLS.fullmatch(found[2]):
                    yield found[1], found[2], event.duration_ps / 1e12
