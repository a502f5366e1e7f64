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
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_mpl import trainers

_NAME = "[0-9]" * 9 + ".zip"
_PARTIAL = "snapshot-"  # how the name of an unfinished one begins
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
        folder: Of the snapshots of one stage; made if it is not there, but
            not the folder that it lies in.
        model: Compiled.
        extra: Plain values to keep with it.

    Returns:
        Path of the file.

    Raises:
        OSError: If it can not be written; names the file. The snapshots
            before it stay.
    """
    values = [tf.convert_to_tensor(v.value) for v in variables(model)]
    step = int(keras.ops.convert_to_numpy(model.step))
    folder.mkdir(exist_ok=True)
    path = folder / f"{step:09d}.zip"
    try:
        _write(path, values, {**extra, "step": step})
    except OSError as error:
        _remove(folder.glob(f"{_PARTIAL}*"))  # a full disk needs the room
        raise OSError(error.errno, error.strerror, str(path)) from error
    _sync(folder)
    later = [one for one in folder.glob(_NAME) if one.name > path.name]
    _remove(later)  # left behind: a callback has put back an earlier state
    _remove(sorted(folder.glob(_NAME))[:-_KEPT])
    _remove(folder.glob(f"{_PARTIAL}*"))
    return path


def _write(path: Path, values: list[Any], extra: dict[str, object]) -> None:
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=_PARTIAL)
    with os.fdopen(handle, "wb") as file:
        with zipfile.ZipFile(file, "w") as archive:
            for number, value in enumerate(values):
                member = f"{number:05d}.{value.dtype.name}"
                archive.writestr(member, tf.io.serialize_tensor(value).numpy())
            archive.writestr("extra.json", json.dumps(extra))
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def latest(
    folder: Path, passed_over: Callable[[str], None] | None = None
) -> Snapshot | None:
    """Reads the newest snapshot that is whole; `None` if there is none.

    Args:
        folder: Of the snapshots of one stage.
        passed_over: Called with a line for each newer one that is not.
    """
    for path in sorted(folder.glob(_NAME), reverse=True):
        try:
            return _read(path)
        except Exception as error:  # garbage fails in many ways
            if passed_over is not None:
                reason = str(error).partition("\n")[0] or type(error).__name__
                passed_over(f"passed over {path}: {reason}")
    return None


def _read(path: Path) -> Snapshot:
    with zipfile.ZipFile(path) as archive:
        members = sorted(set(archive.namelist()) - {"extra.json"})
        kinds = [name.partition(".")[2] for name in members]
        expected = [f"{i:05d}.{kind}" for i, kind in enumerate(kinds)]
        if members != expected:
            raise ValueError("other members than a snapshot's")
        values = [
            tf.io.parse_tensor(archive.read(name), kind).numpy()
            for name, kind in zip(members, kinds, strict=True)
        ]
        extra = json.loads(archive.read("extra.json"))
    if extra["step"] != int(path.stem):
        raise ValueError("another step than its name says")
    if "answers" in extra:
        arrays(extra["answers"])
    elif not isinstance(extra.get("seconds", 0.0), float | int):
        raise ValueError("seconds that are no number")
    return Snapshot(extra.pop("step"), values, extra)


def _sync(folder: Path) -> None:
    """Makes the folder's new entry outlive a power cut, where that can be."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def arrays(answers: dict[str, list[int]]) -> dict[str, np.ndarray]:
    """The opposite of `plain`.

    Raises:
        ValueError: If they are no classes of examples.
    """
    found = {name: np.array(classes) for name, classes in answers.items()}
    for classes in ("", *found):
        if classes not in found or found[classes].dtype.kind != "i":
            raise ValueError("answers that are no classes")
    return found


def plain(answers: dict[str, np.ndarray]) -> dict[str, list[int]]:
    """Class ids as plain values, to keep with a snapshot."""
    return {name: classes.tolist() for name, classes in answers.items()}
