"""The stored class probabilities of a data set, which Reduced MPL reads."""

from pathlib import Path

import keras
import numpy as np

from keras_mpl import names
from keras_mpl import report
from keras_mpl.data import probabilities
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building.in_memory import changed_set

FOLDER = "probabilities"
_DATA = "data.json"


def read(loaded: assembly.Data, folder: str | Path) -> np.ndarray:
    """Returns the probabilities that were stored for the data of a recipe.

    Args:
        loaded: The recipe's data.
        folder: Where they are stored.

    Returns:
        Class probabilities of shape `(num_examples, num_classes)`.

    Raises:
        ValueError: If they can not be read, or do not fit the data.
    """
    try:
        probs = probabilities.read(folder)
    except ValueError as error:
        raise ValueError(
            "`data.stored_probs` must be a folder that `keras-mpl precompute` "
            f"wrote. Received: {folder} ({error})"
        ) from error
    shape = (loaded.num_examples, loaded.num_classes)
    if probs.shape != shape:
        raise ValueError(
            f"`data.stored_probs` must be of shape {shape}, as the data. "
            f"Received: {folder} of shape {probs.shape}"
        )
    if (Path(folder) / _DATA).exists():  # an older version wrote none
        before = report.read_json(folder, _DATA, report.StoredFor)["digests"]
        changed = changed_set(before, loaded.image_digests)
        if changed is not None:
            raise ValueError(
                "`data.stored_probs` must be of the files that are there now: "
                f"its rows would be of others. Received: {folder}; a file of "
                f"`data.{changed}` was added, removed, renamed or changed since"
            )
    return probs


def write_and_read(
    recipe: Recipe, loaded: assembly.Data, teacher: keras.Model, run: Path
) -> np.ndarray:
    """Stores what a pre-trained teacher says in the run folder.

    Args:
        recipe: The recipe.
        loaded: The recipe's data.
        teacher: The teacher.
        run: The run folder.

    Returns:
        Class probabilities of shape `(num_examples, num_classes)`.

    Raises:
        ValueError: If others are there.
    """
    folder = run / f"{FOLDER}_{names.as_part(recipe.name, 'name')}"
    source = f"{recipe.data.dataset}/{recipe.name}"
    write(folder, teacher, loaded, source=source)
    return read(loaded, folder)


def write(
    folder: Path,
    network: keras.Model,
    loaded: assembly.Data,
    *,
    source: str,
    shard_size: int | None = None,
) -> int:
    """Stores a network's class probabilities for all examples.

    Args:
        folder: The folder to write; shards that are there already stay.
        network: The network that predicts.
        loaded: The data.
        source: The text that identifies network and data; a folder of another
            source is refused.
        shard_size: Examples per shard; `None` for that of the shards there.

    Returns:
        The number of shards that were there already.
    """
    kept = probabilities.write(
        folder,
        lambda start, stop: assembly.probs(
            network, loaded.inputs(slice(start, stop))
        ),
        num_examples=loaded.num_examples,
        num_classes=loaded.num_classes,
        source=source,
        shard_size=shard_size,
    )
    report.write_json(folder / _DATA, {"digests": loaded.image_digests})
    return kept
