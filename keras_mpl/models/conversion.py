"""A model in the formats of other runtimes, each read again by its own.

Keras and the libraries that it names do the work: tf2onnx writes ONNX and
onnxruntime reads it, TensorFlow writes TFLite and LiteRT reads it. They are
imported only here. Must not import the networks, trainers or data.
"""

import contextlib
import dataclasses
import importlib
import importlib.metadata
import json
import os
import pathlib
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from types import ModuleType
from typing import Any
from typing import Literal
from typing import TypeAlias
from typing import get_args

import keras
import numpy as np
import tensorflow as tf

from keras_mpl.models import class_names as names_inside
from keras_mpl.models import pixels

Format: TypeAlias = Literal["keras", "saved_model", "onnx", "tflite"]
FORMATS: tuple[Format, ...] = get_args(Format)
_Answer: TypeAlias = Callable[[np.ndarray], np.ndarray]

TOLERANCE = 1e-4  # of answers; times the largest one where that is above 1
_SEED = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Converted:
    """A file that was written and read again.

    Attributes:
        path: Path of the file, or of the folder of a SavedModel.
        format: Its format.
        runtime: What read it again, with its version.
        largest_difference: Of its answers from those of the model.
        num_checked: Inputs that both answered.
    """

    path: pathlib.Path
    format: Format
    runtime: str
    largest_difference: float
    num_checked: int


def convert(
    model: keras.Model,
    path: str | os.PathLike[str],
    *,
    format: Format = "keras",
    class_names: Sequence[str] = (),
) -> Converted:
    """Writes a model in a format, reads it again, and compares the answers.

    It is compared on random inputs; a model that takes pixels also on images
    of twice its height and three times its width. The file is there only if
    the answers agree.

    Args:
        model: A model of Keras' own layers, such as `complete` returns.
        path: Of the file, which ends in `.keras`, `.onnx` or `.tflite`, or of
            the folder of a SavedModel. What is there is replaced.
        format: The format.
        class_names: Names to keep in the file: in the metadata of `.keras`
            and ONNX, in `assets.extra/labels.txt` of a SavedModel. A TFLite
            file has none.

    Returns:
        The path, and the largest difference.

    Raises:
        ValueError: If there is no such format, a library is missing, the path
            has another ending, or the answers differ by more than 1e-4 (times
            the largest one, if that is above 1).
    """
    path = pathlib.Path(path)
    check(model, path, format)
    with tempfile.TemporaryDirectory(
        prefix=".export-", dir=path.parent
    ) as folder:
        whole = pathlib.Path(folder) / path.name
        inputs = _inputs(model)
        model(inputs[0], training=False)  # to ONNX goes what was called once
        with _quiet():
            _WRITERS[format](model, whole, class_names)
            answer, runtime = _READERS[format](whole)
            difference = max(_difference(model, answer, x) for x in inputs)
        if difference > TOLERANCE:
            raise ValueError(
                f"the answers of {runtime} must be those of the model, to "
                f"{TOLERANCE:g}. Received: a difference of {difference:.2g} "
                f"(format={format!r})"
            )
        if path.is_dir():
            shutil.rmtree(path)
        os.replace(whole, path)
    return Converted(
        path=path,
        format=format,
        runtime=runtime,
        largest_difference=difference,
        num_checked=sum(map(len, inputs)),
    )


def check(model: keras.Model, path: pathlib.Path, format: Format) -> None:
    """Raises a ValueError if a model cannot be written so, before it is."""
    if format not in FORMATS:
        raise ValueError(
            f"`format` must be one of: {', '.join(FORMATS)}. "
            f"Received: format={format!r}"
        )
    ending = "" if format == "saved_model" else f".{format}"
    if path.suffix != ending or not path.name:
        wanted = f"end in {ending}" if ending else "have no ending"
        raise ValueError(
            f"`path` must {wanted} for format={format!r}. Received: {path}"
        )
    if not path.parent.is_dir():
        raise ValueError(
            f"`path` must lie in a folder that exists. Received: {path}"
        )
    is_old = (path / "saved_model.pb").is_file() or (
        path.is_dir() and not any(path.iterdir())
    )
    if path.is_symlink() or (
        path.exists() and not (is_old if path.is_dir() else ending)
    ):
        raise ValueError(
            "`path` must be new, or what an earlier export wrote. "
            f"Received: {path}"
        )
    policies = {layer.compute_dtype for layer in model._flatten_layers()}
    if format in ("onnx", "tflite") and not policies <= {"float32", "int32"}:
        raise ValueError(
            "`format` must be keras or saved_model for a network that computes "
            f"in {', '.join(sorted(policies - {'float32'}))}. "
            f"Received: format={format!r}"
        )
    for name in _NEEDED[format]:
        _library(name, format)


_NEEDED: dict[Format, tuple[str, ...]] = {
    "keras": (),
    "saved_model": (),
    "onnx": ("tf2onnx", "onnx", "onnxruntime"),
    "tflite": ("ai_edge_litert",),
}


def _library(name: str, format: Format) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        needed = " ".join(_NEEDED[format]).replace("_", "-")
        raise ValueError(
            f"`format` must be one whose libraries are there; {format} needs "
            f"{name.replace('_', '-')} (pip install {needed}). "
            f"Received: format={format!r}"
        ) from error


def _inputs(model: keras.Model) -> list[np.ndarray]:
    """Random inputs; images at the network's size and at a larger one."""
    draws = np.random.default_rng(_SEED)
    if not pixels.takes_pixels(model):
        shape = tuple(size or 4 for size in model.input_shape[1:])
        if not np.issubdtype(model.inputs[0].dtype, np.floating):
            return [draws.integers(0, 2, (4, *shape))]
        return [draws.normal(size=(4, *shape)).astype("float32")]
    size = pixels.network_of(model).input_shape[1]
    shapes = [(4, size, size), (2, 2 * size, 3 * size)]
    channels = model.input_shape[-1]
    return [
        draws.integers(0, 256, (*shape, channels)).astype("float32")
        for shape in shapes
    ]


def _difference(model: keras.Model, answer: _Answer, x: np.ndarray) -> float:
    """The largest difference; a part of the largest answer above 1."""
    expected = keras.ops.convert_to_numpy(model(x, training=False))
    expected = expected.astype(np.float64)
    found = np.abs(answer(x).astype(np.float64) - expected).max()
    return float(found / max(1.0, np.abs(expected).max()))


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
    onnx = _library("onnx", "onnx")
    found = onnx.load(path)
    if class_names:
        names = json.dumps([*class_names])
        onnx.helper.set_model_props(found, {"class_names": names})
    onnx.save(found, path)


def _write_tflite(
    model: keras.Model, path: pathlib.Path, class_names: Sequence[str]
) -> None:
    model.export(path, format="litert", verbose=False)


def _read_keras(path: pathlib.Path) -> tuple[_Answer, str]:
    model = keras.models.load_model(path, compile=False, safe_mode=True)

    def answer(x: np.ndarray) -> np.ndarray:
        found: np.ndarray = keras.ops.convert_to_numpy(model(x, training=False))
        return found

    return answer, f"keras {keras.__version__}"


def _read_saved_model(path: pathlib.Path) -> tuple[_Answer, str]:
    served = tf.saved_model.load(str(path))
    return lambda x: served.serve(x).numpy(), f"tensorflow {tf.__version__}"


def _read_onnx(path: pathlib.Path) -> tuple[_Answer, str]:
    runtime = _library("onnxruntime", "onnx")
    session = runtime.InferenceSession(
        str(path), providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    return (
        lambda x: session.run(None, {name: x})[0],
        f"onnxruntime {runtime.__version__}",
    )


def _read_tflite(path: pathlib.Path) -> tuple[_Answer, str]:
    runtime = _library("ai_edge_litert.interpreter", "tflite")
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


_WRITERS: dict[Format, Any] = {
    "keras": _write_keras,
    "saved_model": _write_saved_model,
    "onnx": _write_onnx,
    "tflite": _write_tflite,
}
_READERS: dict[Format, Any] = {
    "keras": _read_keras,
    "saved_model": _read_saved_model,
    "onnx": _read_onnx,
    "tflite": _read_tflite,
}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Holds back what converters print, which no log level stops."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with open(os.devnull, "wb") as nowhere, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
