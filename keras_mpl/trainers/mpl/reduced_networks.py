"""Networks of Reduced MPL (App. E): a teacher that fits beside any student.

A large teacher's probabilities for every example are computed once and
stored. The teacher that receives the feedback is a small MLP over them, so
training needs the memory of one large network, not of two. Examples are then
`{"inputs": ..., "probs": ...}`; `MetaPseudoLabels` takes those as they are.
"""

from collections.abc import Sequence

import keras
from keras import ops

from keras_mpl.types import DTypeLike

_SMALLEST = 1e-6  # of a stored probability, under the logarithm


def _inputs(
    shape: Sequence[int], num_classes: int, dtype: DTypeLike
) -> dict[str, keras.KerasTensor]:
    return {
        "inputs": keras.Input(tuple(shape), dtype=dtype, name="inputs"),
        "probs": keras.Input((num_classes,), name="probs"),
    }


def _beside(
    used: keras.KerasTensor, unused: keras.KerasTensor
) -> keras.KerasTensor:
    """`used` itself, shape `(batch, n)`, in a graph that takes `unused`, too.

    Keras before 3.14 refuses an input on which no output depends. So nothing,
    the first 0 columns of its sum, is joined on: no value changes.
    """
    total = ops.sum(unused, axis=tuple(range(1, len(unused.shape))))
    nothing = ops.cast(ops.reshape(total, (-1, 1))[:, :0], used.dtype)
    return ops.concatenate([used, nothing], axis=-1)


def reduced_teacher(
    num_classes: int,
    input_shape: Sequence[int],
    *,
    input_dtype: DTypeLike = "float32",
    units: Sequence[int] = (128,),
) -> keras.Model:
    """Builds a small teacher that adjusts stored probabilities.

    Its logits are `log probs + MLP(log probs)`, the last layer of which
    starts at 0: at first it says what the large teacher said. (The paper says
    "a small MLP"; that it starts at the stored distribution is ours.)

    Args:
        num_classes: Classes of the stored probabilities and of its output.
        input_shape: Shape of one example's `inputs`, which it ignores.
        input_dtype: Type of these.
        units: Widths of the hidden layers.

    Returns:
        A model from `{"inputs", "probs"}` to logits `(batch, num_classes)`.

    >>> teacher = reduced_teacher(2, (3,))
    >>> stored = ops.array([[0.25, 0.75]])
    >>> logits = teacher({"inputs": ops.zeros((1, 3)), "probs": stored})
    >>> ops.softmax(logits).numpy()
    array([[0.25, 0.75]], dtype=float32)
    """
    given = _inputs(input_shape, num_classes, input_dtype)
    probs = _beside(given["probs"], given["inputs"])
    stored = ops.log(ops.maximum(probs, _SMALLEST))
    hidden = stored
    for size in units:
        hidden = keras.layers.Dense(size, activation="relu")(hidden)
    change = keras.layers.Dense(
        num_classes, kernel_initializer="zeros", dtype="float32"
    )(hidden)
    logits = keras.layers.Add(dtype="float32")([stored, change])
    return keras.Model(given, logits, name="reduced_teacher")


def beside_probs(network: keras.Model) -> keras.Model:
    """Lets a network take `{"inputs", "probs"}`, of which it sees `inputs`.

    Args:
        network: A functional model of one input.

    Returns:
        A model that shares its weights; `without_probs` undoes it.
    """
    num_classes = network.output_shape[-1]
    dtype = network.inputs[0].dtype
    given = _inputs(network.input_shape[1:], num_classes, dtype)
    logits = _beside(network(given["inputs"]), given["probs"])
    return keras.Model(given, logits, name="beside_probs")


def without_probs(network: keras.Model) -> keras.Model:
    """Returns the network inside of what `beside_probs` made, or its copy."""
    [inner] = [n for n in network.layers if isinstance(n, keras.Model)]
    return inner
