"""What the student of each training says of every held-out example, on disk.

`predictions/<recipe>.npz` of a run folder has plain arrays alone: per part
`<part>_labels`, `<part>_logits` and, where the examples are files,
`<part>_paths`. It is read without pickle.
"""

import io
import zipfile
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_mpl import names
from keras_mpl.report.folder import replace_bytes

_FOLDER = "predictions"
_PARTS = ("validation", "test")
_OPTIONAL = ("labeled",)  # where they are in memory


class Predictions(NamedTuple):
    """Predictions of one student for the examples of one part.

    Attributes:
        labels: True classes, int32, shape `(num,)`.
        logits: The averaged student's, float32, shape `(num, num_classes)`.
        paths: Of the files, in the same order; empty where there are none.
    """

    labels: np.ndarray
    logits: np.ndarray
    paths: Sequence[str] = ()


def write_predictions(
    folder: Path, recipe: str, parts: Mapping[str, Predictions]
) -> None:
    """Writes the predictions of one training, whole or not at all.

    Args:
        folder: The run folder.
        recipe: Name of the recipe that was trained.
        parts: Those of `validation` and of `test`, and perhaps of `labeled`.

    Raises:
        OSError: If the file cannot be written; names it.
    """
    arrays: dict[str, np.ndarray] = {}
    for part, said in parts.items():
        arrays[f"{part}_labels"] = np.asarray(said.labels, np.int32)
        arrays[f"{part}_logits"] = np.asarray(said.logits, np.float32)
        if said.paths:
            arrays[f"{part}_paths"] = np.asarray(said.paths, np.str_)
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    path = _path(folder, recipe)
    path.parent.mkdir(exist_ok=True)
    replace_bytes(path, content.getvalue())


def has_predictions(folder: str | Path, recipe: str) -> bool:
    """Whether a run has kept the predictions of one of its trainings.

    Args:
        folder: The run folder.
        recipe: Name of the recipe that was trained.
    """
    return _path(folder, recipe).exists()


def read_predictions(folder: str | Path, recipe: str) -> dict[str, Predictions]:
    """Reads the predictions of one training of a finished run.

    Args:
        folder: The run folder.
        recipe: Name of the recipe that was trained.

    Returns:
        Those of `validation` and of `test`, and of `labeled` if the file has
        them.

    Raises:
        ValueError: If there are none, as in runs of earlier versions, or the
            file is damaged.
    """
    path = _path(folder, recipe)
    if not path.is_file():
        raise ValueError(
            "`run` must have the predictions of its trainings. "
            f"Received: {folder} without {_FOLDER}/{path.name}"
        )
    try:
        with (
            path.open("rb") as file,
            np.load(file, allow_pickle=False) as stored,
        ):
            there = [p for p in _OPTIONAL if f"{p}_labels" in stored]
            return {part: _part(stored, part) for part in (*_PARTS, *there)}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as e:
        raise ValueError(
            "`run` must have readable predictions. "
            f"Received: {names.printable(path)} ({names.printable(e)})"
        ) from e


def _part(stored: Mapping[str, np.ndarray], part: str) -> Predictions:
    labels, logits = stored[f"{part}_labels"], stored[f"{part}_logits"]
    paths = stored[f"{part}_paths"] if f"{part}_paths" in stored else None
    if logits.dtype != np.float32 or labels.dtype != np.int32:
        raise ValueError("labels or logits of another type")
    if logits.shape[:-1] != labels.shape or labels.ndim != 1:
        raise ValueError("labels and logits of different examples")
    if len(labels) and not 0 <= labels.min() <= labels.max() < logits.shape[1]:
        raise ValueError("labels of classes that have no logits")
    if paths is None:
        return Predictions(labels, logits)
    if paths.dtype.kind != "U" or paths.shape != labels.shape:
        raise ValueError("paths that are no texts, one per example")
    return Predictions(labels, logits, tuple(paths.tolist()))


def _path(folder: str | Path, recipe: str) -> Path:
    return Path(folder) / _FOLDER / f"{names.as_part(recipe, 'recipe')}.npz"
