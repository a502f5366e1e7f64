"""Stores a trained student's probabilities, and selects examples by them."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_mpl import report
from keras_mpl.data import probabilities
from keras_mpl.data import selection
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import datasets
from keras_mpl.runner.building import recorded
from keras_mpl.runner.building import stored_probs
from keras_mpl.runner.building.arrays import rows_of
from keras_mpl.runner.tools import evaluation

SELECTION = "selection.json"


def precompute(
    run: str | Path,
    *,
    output: str | Path | None = None,
    shard_size: int | None = None,
) -> tuple[Path, int, int]:
    """Stores the class probabilities of a run's student for all its data.

    Streamed shard by shard; when it was interrupted, call it again.

    Args:
        run: Folder of a finished run.
        output: Where to; by default `probabilities` in the run folder.
        shard_size: Examples per shard; `None` for that of the shards there,
            or 10,000.

    Returns:
        The folder, the number of examples, and how many shards were there.

    Raises:
        ValueError: If it is no finished run, or the folder holds others'.
    """
    recipe, loaded = _loaded(run)
    student = evaluation.load_student(run)
    content = (Path(run) / "student.keras").read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    folder = (
        Path(output) if output is not None else Path(run) / stored_probs.FOLDER
    )
    kept = stored_probs.write(
        folder,
        student,
        loaded,
        source=f"{recipe.data.dataset}/{digest}",
        shard_size=shard_size,
    )
    return folder, loaded.num_examples, kept


def select(
    run: str | Path,
    *,
    per_class: int,
    confidence_threshold: float | None = None,
    max_distance: int | None = None,
) -> Path:
    """Selects unlabelled examples by the predictions of a run's student.

    Args:
        run: Folder of a finished run; `precompute` is called if need be.
        per_class: Examples per predicted class: at most so many of the most
            confident, or, with a threshold, exactly so many, repeated.
        confidence_threshold: Noisy Student's; `None` for the plain top.
        max_distance: Bits of a perceptual hash within which an image counts
            as one of the test set and is left out; `None` does not look.

    Returns:
        Path of `selection.json`, for a recipe's `selection`.

    Raises:
        ValueError: If it is no finished run, or nothing is left.
    """
    loaded = _all_of(run)
    candidates = np.unique(loaded.split.unlabeled)
    num_duplicates = 0
    if max_distance is not None:
        is_known = selection.near_duplicates(
            _pixels(rows_of(loaded.images, candidates)),
            _pixels(loaded.raw("test")[0]),
            max_distance=max_distance,
        )
        num_duplicates = int(is_known.sum())
        candidates = candidates[~is_known]
    precompute(run)
    probs = probabilities.read(Path(run) / stored_probs.FOLDER)[candidates]
    if confidence_threshold is None:
        chosen = selection.top_per_class(probs, per_class)
    else:
        chosen = selection.balanced(
            probs,
            confidence_threshold=confidence_threshold,
            per_class=per_class,
        )
    path = Path(run) / SELECTION
    record = {
        "split": loaded.split.fingerprint,
        "digests": loaded.image_digests,
        "per_class": per_class,
        "confidence_threshold": confidence_threshold,
        "max_distance": max_distance,
        "num_duplicates": num_duplicates,
        "num_chosen": len(chosen),
        "num_different": len(np.unique(chosen)),
        "by_class": np.bincount(
            probs[chosen].argmax(-1), minlength=probs.shape[1]
        ).tolist(),
        "unlabeled": candidates[chosen].tolist(),
    }
    report.write_json(path, record)
    return path


def _all_of(run: str | Path) -> assembly.Data:
    """Loads a run's data with all unlabelled examples, selected or not."""
    recipe, loaded = _loaded(run)
    if recipe.data.selection is None:
        return loaded
    recipe, config = recorded.origin(run)
    whole = recipe.replace(data={"selection": None})
    return datasets.in_memory(assembly.load(whole, config["seed"]))


def _pixels(images: Any) -> np.ndarray:
    """Images as they are read, without what is stored beside them."""
    return tf.nest.flatten(images)[0]


def _loaded(run: str | Path) -> tuple[Recipe, assembly.Data]:
    recipe, config = recorded.origin(run)
    report.check_plain(run)  # something will be written there
    loaded = assembly.load(recipe, config["seed"])
    recorded.check_data(run, config, loaded)
    return recipe, datasets.in_memory(loaded)
