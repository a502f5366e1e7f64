"""Is a model that was written for another runtime still the same model?

Each file is read again by its own runtime (`formats`), and what it answers is
compared. Must not import the networks, trainers or data.
"""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from collections.abc import Sequence

import keras
import numpy as np

from keras_mpl.models import pixels
from keras_mpl.models.formats import FILES
from keras_mpl.models.formats import FORMATS
from keras_mpl.models.formats import Answer
from keras_mpl.models.formats import Format
from keras_mpl.models.formats import library

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
            FILES[format].write(model, whole, class_names)
            answer, runtime = FILES[format].read(whole)
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
    for name in FILES[format].needed:
        library(name, format)


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


def _difference(model: keras.Model, answer: Answer, x: np.ndarray) -> float:
    """The largest difference; a part of the largest answer above 1."""
    expected = keras.ops.convert_to_numpy(model(x, training=False))
    expected = expected.astype(np.float64)
    found = np.abs(answer(x).astype(np.float64) - expected).max()
    return float(found / max(1.0, np.abs(expected).max()))


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
