"""Snapshots: the state of a training on disk.

A snapshot is one uncompressed zip file. It is written under another name and
then renamed, so that a kill leaves the last good one. Each member has a
checksum, so that a damaged file is recognised and passed over.
"""

import contextlib
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_mpl import trainers

_KEPT = 2  # the newest, and one that was whole before it


class Snapshot(NamedTuple):
    """A snapshot that was read back.

    Attributes:
        step: Steps done.
        values: Of the variables, in order.
        extra: The plain values that `write` was given.
    """

    step: int
    values: list[Any]
    extra: dict[str, Any]


def variables(model: trainers.Method) -> list[Any]:
    """Returns all variables that training depends on, in a fixed order.

    Weights of every network and average, optimizers with their slots and
    step counts, the step, the baseline, and the running means of the epoch.
    """
    optimizers = [
        getattr(model, f"{name}_optimizer") for name in model.trained_networks
    ]
    held = [model.variables, *(o.variables for o in optimizers)]
    held.append(model.metrics_variables)
    by_id = {id(v): v for group in held for v in group}
    return list(by_id.values())


def restore(model: trainers.Method, snapshot: Snapshot) -> None:
    """Puts a snapshot's values into a model made and compiled as it was.

    Raises:
        ValueError: If it was made of another model.
    """
    held = variables(model)
    shapes = [tuple(value.shape) for value in snapshot.values]
    if shapes != [tuple(v.shape) for v in held]:
        raise ValueError(
            "the run's settings must be those of its snapshots: variables "
            f"have other shapes. Received: {len(shapes)} variables stored, "
            f"{len(held)} in the model"
        )
    for variable, value in zip(held, snapshot.values, strict=True):
        variable.assign(value)


def write(
    folder: Path, model: trainers.Method, extra: Mapping[str, object]
) -> Path:
    """Writes a model's state, and forgets all but the newest snapshots.

    Args:
        folder: Of the snapshots of one stage; made if it is not there.
        model: Compiled.
        extra: Plain values to keep with it.

    Returns:
        Path of the file.
    """
    values = [tf.convert_to_tensor(v.value) for v in variables(model)]
    step = int(keras.ops.convert_to_numpy(model.step))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{step:09d}.zip"
    handle, partial = tempfile.mkstemp(dir=folder, suffix=".partial")
    with os.fdopen(handle, "wb") as file:
        with zipfile.ZipFile(file, "w") as archive:
            for number, value in enumerate(values):
                member = f"{number:05d}.{value.dtype.name}"
                archive.writestr(member, tf.io.serialize_tensor(value).numpy())
            archive.writestr("extra.json", json.dumps({**extra, "step": step}))
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
    _sync(folder)
    for old in [*sorted(folder.glob("*.zip"))[:-_KEPT], *_partials(folder)]:
        old.unlink(missing_ok=True)
    return path


def latest(folder: Path) -> Snapshot | None:
    """Reads the newest snapshot that is whole; `None` if there is none."""
    for path in sorted(folder.glob("*.zip"), reverse=True):
        with contextlib.suppress(zipfile.BadZipFile, KeyError, EOFError):
            return _read(path)
    return None


def _read(path: Path) -> Snapshot:
    with zipfile.ZipFile(path) as archive:
        members = sorted(n for n in archive.namelist() if n != "extra.json")
        values = [
            tf.io.parse_tensor(archive.read(name), name.split(".")[1]).numpy()
            for name in members
        ]
        extra = json.loads(archive.read("extra.json"))
    return Snapshot(extra.pop("step"), values, extra)


def _partials(folder: Path) -> list[Path]:
    return list(folder.glob("*.partial"))


def _sync(folder: Path) -> None:
    """Makes the folder's new entry outlive a power cut, where that can be."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def arrays(answers: dict[str, list[int]]) -> dict[str, np.ndarray]:
    """The opposite of `plain`."""
    return {name: np.array(classes) for name, classes in answers.items()}


def plain(answers: dict[str, np.ndarray]) -> dict[str, list[int]]:
    """Class ids as plain values, to keep with a snapshot."""
    return {name: classes.tolist() for name, classes in answers.items()}
