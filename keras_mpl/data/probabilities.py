"""Class probabilities on disk: written shard by shard, read back as one array.

For teachers that are too large to be kept beside a student: what they say of
every example is computed once. Needs NumPy alone; knows no network.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

_INDEX = "index.json"
_SHARD_SIZE = 10_000


def write(
    folder: str | Path,
    predict: Callable[[int, int], np.ndarray],
    *,
    num_examples: int,
    num_classes: int,
    source: str,
    shard_size: int | None = None,
) -> int:
    """Streams probabilities to disk; goes on where an earlier call ended.

    A shard is moved into place once it is whole, so a killed process leaves
    whole shards, and at most one `.part` file which the next call replaces.

    Args:
        folder: Where the shards and `index.json` are written.
        predict: From first and last row (exclusive) to their probabilities,
            shape `(rows, num_classes)`.
        num_examples: Rows in all.
        num_classes: Classes per row.
        source: What tells this network and these examples from others.
        shard_size: Rows per shard; `None` for that of the shards there, or
            10,000.

    Returns:
        How many shards were there already.

    Raises:
        ValueError: If the folder holds those of another source or size, or
            what `predict` gives is no rows of probabilities.
    """
    folder = Path(folder)
    path = folder / _INDEX
    there = json.loads(path.read_text()) if path.exists() else {}
    if shard_size is None:
        shard_size = there.get("shard_size", _SHARD_SIZE)
    if shard_size < 1:
        raise ValueError(
            f"`shard_size` must be positive. Received: shard_size={shard_size}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    index = {
        "source": source,
        "num_examples": num_examples,
        "num_classes": num_classes,
        "shard_size": shard_size,
    }
    if there and there != index:
        raise ValueError(
            f"`folder` must be new, or hold shards of {index}. "
            f"Received: {folder} with {there}"
        )
    path.write_text(json.dumps(index, indent=2) + "\n")
    kept = 0
    for number, start in enumerate(range(0, num_examples, shard_size)):
        shard = _shard(folder, number)
        if shard.exists():
            kept += 1
            continue
        stop = min(start + shard_size, num_examples)
        probs = np.asarray(predict(start, stop), np.float32)
        if wrong := _wrong(probs, (stop - start, num_classes)):
            raise ValueError(
                "`predict` must give rows of probabilities of shape "
                f"{(stop - start, num_classes)}. Received: {wrong}"
            )
        part = shard.with_suffix(".part")
        with part.open("wb") as file:
            np.save(file, probs)
        os.replace(part, shard)
    return kept


def read(folder: str | Path) -> np.ndarray:
    """Reads what `write` wrote.

    Args:
        folder: Where it was written.

    Returns:
        Probabilities, float32, shape `(num_examples, num_classes)`.

    Raises:
        ValueError: If there is no index, or a shard is missing, has too few
            rows, or holds no probabilities.
    """
    folder = Path(folder)
    num_examples, num_classes, shard_size = _index(folder)
    starts = range(0, num_examples, shard_size)
    shards = [_shard(folder, number) for number in range(len(starts))]
    if missing := [shard.name for shard in shards if not shard.exists()]:
        raise ValueError(
            f"`folder` must hold {len(shards)} shards; precompute again to go "
            f"on. Received: {folder} without {', '.join(missing[:3])}"
        )
    probs = np.empty((num_examples, num_classes), np.float32)
    for start, shard in zip(starts, shards, strict=True):
        stop = min(start + shard_size, num_examples)
        probs[start:stop] = _checked(shard, (stop - start, num_classes))
    return probs


def _index(folder: Path) -> tuple[int, int, int]:
    """Reads how many examples and classes there are, and rows per shard."""
    path = folder / _INDEX
    if not path.is_file():
        raise ValueError(
            "`folder` must hold stored probabilities, with an index.json. "
            f"Received: {folder}"
        )
    keys = ("num_examples", "num_classes", "shard_size")
    try:
        index = json.loads(path.read_text())
        sizes = [index[key] for key in keys]
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(
            f"`folder` must hold an index.json with {', '.join(keys)}. "
            f"Received: {path} ({type(error).__name__})"
        ) from error
    if any(type(size) is not int or size < 1 for size in sizes):
        raise ValueError(
            f"{', '.join(keys)} of stored probabilities must be positive "
            f"integers. Received: {sizes} in {path}"
        )
    num_examples, num_classes, shard_size = sizes
    return num_examples, num_classes, shard_size


def _checked(shard: Path, shape: tuple[int, int]) -> np.ndarray:
    """Reads a shard that must have a shape and hold probabilities."""
    try:
        probs = np.load(shard)
    except (EOFError, OSError, ValueError) as error:
        raise ValueError(
            f"a shard must be an array that NumPy saved. Received: {shard} "
            f"({str(error).splitlines()[0]})"
        ) from error
    if wrong := _wrong(probs, shape):
        raise ValueError(
            f"a shard must hold rows of probabilities of shape {shape}; "
            f"remove it and precompute again. Received: {shard}, {wrong}"
        )
    return np.asarray(probs)


def _shard(folder: Path, number: int) -> Path:
    return folder / f"probs-{number:05d}.npy"


def _wrong(probs: np.ndarray, shape: tuple[int, int]) -> str | None:
    """Says what is wrong with rows of probabilities, if anything is."""
    if probs.shape != shape:
        return f"shape {probs.shape}"
    if probs.dtype.kind != "f" or not np.isfinite(probs).all():
        return f"{probs.dtype} values that are not all finite numbers"
    sums = probs.sum(-1)
    if probs.min(initial=0) < -1e-2 or not np.allclose(sums, 1, atol=1e-2):
        return f"rows that sum to {sums.min():.3g} to {sums.max():.3g}"
    return None
