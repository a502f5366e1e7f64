"""Lowers whole train steps to XLA, as a TPU would, and lists what they need.

    python -m benchmarks.speed.lowering

Nothing here has run on a TPU. What can be known without one: that every
operation of the step has an XLA kernel, that all shapes are static, that
nothing calls back to the host, and that no operation or type is one that TPUs
lack. XLA kernels that name no device are registered for TPUs, too: with the
types in `tensorflow/core/tpu/tpu_defs.h`, by a filter that lets all operations
pass (`tpu_node_device_util.cc`). `DENIED` is kept by hand beside that; Google's
list is https://cloud.google.com/tpu/docs/tensorflow-ops. The exchange between
replicas, and whether a step fits, cannot be seen here. It appends to
`benchmarks/results/lowering.jsonl`, which `render.py` reads.
"""

import collections
import os
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import Literal

from absl import app

from benchmarks.common.records import Record
from benchmarks.common.records import append

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    import keras_mpl
    from keras_mpl import feedback

NAME = "lowering"
PRECISIONS = ("float32", "mixed_bfloat16")
SHAPE, CLASSES, LABELED, UNLABELED = (32, 32, 3), 10, 4, 8

# Operations of TensorFlow, by the beginning of their names.
DENIED = (
    # They call Python, or send to the host.
    "PyFunc",
    "EagerPyFunc",
    "XlaHostCompute",
    "XlaSendToHost",
    "XlaRecvFromHost",
    "Print",
    # Texts, files, pictures and tables: only a host knows them.
    "String",
    "Regex",
    "AsString",
    "Decode",
    "Encode",
    "ReadFile",
    "WriteFile",
    "Lookup",
    "HashTable",
    "Iterator",
    # How much comes out depends on the values that go in.
    "Where",
    "Unique",
    "NonMaxSuppression",
    "DynamicPartition",
    "SparseTo",
    "Ragged",
    # Draws from a state of the host, where ours follow from seed and step.
    "RandomUniform",
    "RandomStandardNormal",
    "TruncatedNormal",
    "RandomShuffle",
    "Multinomial",
    "ParameterizedTruncatedNormal",
    # They have kernels for GPUs and CPUs alone.
    "ImageProjectiveTransform",
    "Cudnn",
    "Nccl",
    "Collective",
)
DENIED_TYPES = ("f64", "c128")  # emulated slowly, or not there
DENIED_INSTRUCTIONS = (
    "custom-call",
    "infeed",
    "outfeed",
    "send",
    "recv",
    "set-dimension-size",
    "get-dimension-size",
)

_INSTRUCTION = re.compile(
    r"^\s+(?:ROOT )?%?[\w.\-]+ = (?:\(.*?\)|\S+) ([\w\-]+)\(", re.MULTILINE
)
_TYPE = re.compile(r"\b(pred|[suf]\d+\w*|bf16|c\d+)\[")


def wide_resnet() -> "keras.Model":
    """Makes the network of the records."""
    from keras_mpl import models

    return models.create("wrn_10_1", num_classes=CLASSES, input_shape=SHAPE)


def batch(shape: tuple[int, ...] = SHAPE) -> "keras_mpl.Batch":
    """Makes a batch of static shapes; what is in it does not matter."""
    import tensorflow as tf

    from keras_mpl import Batch

    labels = tf.zeros(LABELED, tf.int32)
    unlabeled = tf.zeros((UNLABELED, *shape))
    return Batch(tf.zeros((LABELED, *shape)), labels, unlabeled, unlabeled)


def step_of(
    kind: "feedback.Name",
    make: Callable[[], "keras.Model"] = wide_resnet,
    jit_compile: bool | Literal["auto"] = True,
) -> "tf.types.experimental.PolymorphicFunction":
    """Makes the train step of Meta Pseudo Labels, to be compiled by XLA.

    Args:
        kind: Of feedback.
        make: Makes teacher and student.
        jit_compile: As in `compile`.
    """
    import keras
    import tensorflow as tf

    import keras_mpl
    from keras_mpl.recipes.methods import PAPERS

    model = keras_mpl.MetaPseudoLabels(
        make(),
        make(),
        feedback=kind,
        clip_norm=1.0,
        weight_decay=5e-4,
        seed=1,
        **PAPERS,
    )
    model.compile(
        teacher_optimizer=keras.optimizers.SGD(0.1, 0.9, nesterov=True),
        student_optimizer=keras.optimizers.SGD(0.1, 0.9, nesterov=True),
        jit_compile=jit_compile,
    )
    return tf.function(model.train_step, jit_compile=True)


def lowered(
    function: "tf.types.experimental.PolymorphicFunction", *arguments: object
) -> Record:
    """Counts TensorFlow's operations and XLA's instructions in a function."""
    graph = function.get_concrete_function(*arguments).graph.as_graph_def()
    nodes = [n for f in graph.library.function for n in f.node_def]
    nodes += graph.node
    hlo = function.experimental_get_compiler_ir(*arguments)(stage="hlo")
    return {
        "operations": dict(_counted(node.op for node in nodes)),
        "instructions": dict(_counted(_INSTRUCTION.findall(hlo))),
        "types": dict(_counted(_TYPE.findall(hlo))),
        "is_dynamic": "<=" in hlo,  # as in f32[<=8,3]
    }


def _counted(names):
    return sorted(collections.Counter(names).items())


def problems(found: Record) -> list[str]:
    """Names what a TPU would not take in a lowered function."""
    denied = [name for name in found["operations"] if name.startswith(DENIED)]
    denied += [n for n in found["instructions"] if n in DENIED_INSTRUCTIONS]
    denied += [name for name in found["types"] if name in DENIED_TYPES]
    return denied + (["a dynamic shape"] if found["is_dynamic"] else [])


def view_of():
    """The strong view of CIFAR-10, which `data.pair` makes on the host."""
    import tensorflow as tf

    from keras_mpl import augment

    def view(images, seeds):
        return augment.cifar_strong(images, seeds)

    return tf.function(view, jit_compile=True)


def cases():
    """Yields name, precision, function and arguments of what is lowered."""
    import keras
    import tensorflow as tf

    from keras_mpl.feedback import KINDS

    for precision in PRECISIONS:
        keras.config.set_dtype_policy(precision)
        for kind in KINDS:
            yield f"step, {kind}", precision, step_of(kind), (batch(),)
    images = tf.zeros((UNLABELED, *SHAPE), tf.uint8)
    seeds = tf.constant([1, 2], tf.int32)
    yield "strong view", "uint8", view_of(), (images, seeds)


def main(argv: list[str]) -> None:
    """Lowers all of them, prints what they need, and records it."""
    del argv
    import keras_mpl
    from keras_mpl import report

    rows = []
    for name, precision, function, arguments in cases():
        start = time.perf_counter()
        row = {"case": name, "precision": precision}
        try:
            row |= lowered(function, *arguments)
            row["problems"] = problems(row)
        except Exception as error:
            row["problems"] = [" ".join(str(error).split())[:500]]
        row["seconds"] = round(time.perf_counter() - start, 1)
        rows.append(row)
        print(f"\n{name}, {precision}: {row['problems'] or 'no problem'}")
        for number in row.get("instructions", {}).items():
            print("  {:24}{}".format(*number))
    environment = report.environment(keras_mpl.__version__)
    append(NAME, [{**environment, "rows": rows, "load": os.getloadavg()[0]}])


if __name__ == "__main__":
    app.run(main)
