"""The formats of other runtimes: what each needs, how it is written and read.

Keras and the libraries that it names do the work: tf2onnx writes ONNX and
onnxruntime reads it, TensorFlow writes TFLite and LiteRT reads it. They are
imported only here, when a format asks for them.
"""

import importlib
import importlib.metadata
import json
import pathlib
from collections.abc import Callable
from collections.abc import Sequence
from types import ModuleType
from typing import Literal
from typing import NamedTuple
from typing import TypeAlias
from typing import get_args

import keras
import numpy as np
import tensorflow as tf

from keras_mpl.models import class_names as names_inside

Format: TypeAlias = Literal["keras", "saved_model", "onnx", "tflite"]
FORMATS: tuple[Format, ...] = get_args(Format)
Answer: TypeAlias = Callable[[np.ndarray], np.ndarray]


class FileFormat(NamedTuple):
    """How a model becomes a file of one format, and answers from it.

    Attributes:
        write: Writes a model to a path, with the names of its classes.
        read: Returns what answers in the model's place, and the runtime that
            does, with its version.
        needed: Libraries beyond those that the package requires.
    """

    write: Callable[[keras.Model, pathlib.Path, Sequence[str]], None]
    read: Callable[[pathlib.Path], tuple[Answer, str]]
    needed: tuple[str, ...] = ()


def library(name: str, format: Format) -> ModuleType:
    """Imports a library, or raises a ValueError that says how to get it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        needed = " ".join(FILES[format].needed).replace("_", "-")
        raise ValueError(
            f"`format` must be one whose libraries are there; {format} needs "
            f"{name.replace('_', '-')} (pip install {needed}). "
            f"Received: format={format!r}"
        ) from error


def _write_keras(
    model: keras.Model, path: pathlib.Path, class_names: Sequence[str]
) -> None:
    model.save(path)
    if class_names:
        names_inside.add_class_names(path, class_names)


def _write_saved_model(
    model: keras.Model, path: pathlib.Path, class_names: Sequence[str]
) -> None:
    model.export(path, format="tf_saved_model", verbose=False)
    if class_names:
        extra = path / "assets.extra"
        extra.mkdir()
        text = "".join(f"{name}\n" for name in class_names)
        (extra / "labels.txt").write_text(text, "utf-8")


def _write_onnx(
    model: keras.Model, path: pathlib.Path, class_names: Sequence[str]
) -> None:
    model.export(path, format="onnx", verbose=False)
    onnx = library("onnx", "onnx")
    found = onnx.load(path)
    if class_names:
        names = json.dumps([*class_names])
        onnx.helper.set_model_props(found, {"class_names": names})
    onnx.save(found, path)


def _write_tflite(
    model: keras.Model, path: pathlib.Path, class_names: Sequence[str]
) -> None:
    model.export(path, format="litert", verbose=False)


def _read_keras(path: pathlib.Path) -> tuple[Answer, str]:
    model = keras.models.load_model(path, compile=False, safe_mode=True)

    def answer(x: np.ndarray) -> np.ndarray:
        found: np.ndarray = keras.ops.convert_to_numpy(model(x, training=False))
        return found

    return answer, f"keras {keras.__version__}"


def _read_saved_model(path: pathlib.Path) -> tuple[Answer, str]:
    served = tf.saved_model.load(str(path))
    return lambda x: served.serve(x).numpy(), f"tensorflow {tf.__version__}"


def _read_onnx(path: pathlib.Path) -> tuple[Answer, str]:
    runtime = library("onnxruntime", "onnx")
    session = runtime.InferenceSession(
        str(path), providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    return (
        lambda x: session.run(None, {name: x})[0],
        f"onnxruntime {runtime.__version__}",
    )


def _read_tflite(path: pathlib.Path) -> tuple[Answer, str]:
    runtime = library("ai_edge_litert.interpreter", "tflite")
    interpreter = runtime.Interpreter(str(path))
    place = interpreter.get_input_details()[0]["index"]

    def answer(x: np.ndarray) -> np.ndarray:
        interpreter.resize_tensor_input(place, x.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(place, x)
        interpreter.invoke()
        output = interpreter.get_output_details()[0]["index"]
        found: np.ndarray = interpreter.get_tensor(output)
        return found

    version = importlib.metadata.version("ai-edge-litert")
    return answer, f"ai-edge-litert {version}"


FILES: dict[Format, FileFormat] = {
    "keras": FileFormat(_write_keras, _read_keras),
    "saved_model": FileFormat(_write_saved_model, _read_saved_model),
    "onnx": FileFormat(
        _write_onnx, _read_onnx, ("tf2onnx", "onnx", "onnxruntime")
    ),
    "tflite": FileFormat(_write_tflite, _read_tflite, ("ai_edge_litert",)),
}
