"""The stored class probabilities of a data set, which Reduced MPL reads."""

from pathlib import Path

import keras
import numpy as np

from keras_mpl.data import probabilities
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building import assembly

FOLDER = "probabilities"


def read_or_write(
    recipe: Recipe,
    loaded: assembly.Data,
    teacher: keras.Model | None,
    run: Path,
) -> np.ndarray:
    """Returns the probabilities that a recipe asks for.

    Args:
        recipe: The recipe; its `stored_probs` names a folder, or the teacher's
            probabilities are computed and stored in the run folder.
        loaded: The recipe's data.
        teacher: The pre-trained teacher; `None` where a folder is named.
        run: The run folder.

    Returns:
        Class probabilities of shape `(num_examples, num_classes)`.

    Raises:
        ValueError: If they do not fit the data.
    """
    folder = run / f"{FOLDER}_{recipe.name}"
    if recipe.data.stored_probs is not None:
        folder = Path(recipe.data.stored_probs)
    else:
        source = f"{recipe.data.dataset}/{recipe.name}"
        write(folder, teacher, loaded, source=source)
    probs = probabilities.read(folder)
    shape = (loaded.num_examples, loaded.num_classes)
    if probs.shape != shape:
        raise ValueError(
            f"`data.stored_probs` must be of shape {shape}, as the data. "
            f"Received: {folder} of shape {probs.shape}"
        )
    return probs


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
    return probabilities.write(
        folder,
        lambda start, stop: assembly.probs(
            network, loaded.inputs(slice(start, stop))
        ),
        num_examples=loaded.num_examples,
        num_classes=loaded.num_classes,
        source=source,
        shard_size=shard_size,
    )
