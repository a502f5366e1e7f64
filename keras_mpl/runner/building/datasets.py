"""The data of a recipe: images, labels and a split, made of their names."""

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from keras_mpl import data
from keras_mpl import models
from keras_mpl import report
from keras_mpl.data.folders.finding import Files
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building import domains
from keras_mpl.runner.building import streamed
from keras_mpl.runner.building.in_memory import Data
from keras_mpl.runner.building.in_memory import changed_set

_IN_MEMORY: dict[str, Any] = {"digits": data.digits, **domains.DATASETS}
_SHARE = 0.15  # of labelled files, to validate and to test on


Loaded = Data | streamed.Streamed


def in_memory(loaded: Loaded) -> Data:
    """Returns data in memory; raises a ValueError if they are streamed."""
    if isinstance(loaded, streamed.Streamed):
        raise ValueError(
            "the data must be in memory for this. Received: "
            f"{loaded.split.name}, which is streamed"
        )
    return loaded


def load(recipe: Recipe, seed: int) -> Loaded:
    """Loads a recipe's data, or finds their files, and divides them.

    Raises:
        ValueError: If there are no such data, or too few.
    """
    entry = data.CATALOG.get(recipe.data.dataset)
    if entry is not None and entry.is_streamed:
        return streamed.load(recipe, seed)
    for key, value in (
        ("data.unlabeled_dataset", recipe.data.unlabeled_dataset),
        ("data.real_labels", recipe.data.real_labels),
    ):
        if value is not None:
            raise ValueError(
                f"`{key}` must be none for data in memory. "
                f"Received: {key}={value!r}, "
                f"data.dataset={recipe.data.dataset!r}"
            )
    loaded = _loaded(recipe, seed)
    if recipe.data.selection is None:
        return loaded
    split = _selected(loaded, recipe.data.selection)
    return loaded._replace(split=split)


def _loaded(recipe: Recipe, seed: int) -> Data:
    if recipe.data.dataset == "folder":
        return _folder(recipe, seed)
    if recipe.data.dataset in data.CATALOG:
        streamed.check_counts(recipe)
        return _catalog(recipe, seed)
    if recipe.data.dataset in _IN_MEMORY:
        streamed.check_counts(recipe)
        images, labels = _IN_MEMORY[recipe.data.dataset]()
        return Data(images, labels, _split(recipe, labels, seed))
    names = ", ".join((*_IN_MEMORY, "folder", *data.CATALOG))
    raise ValueError(
        f"`data.dataset` must be one of: {names}. "
        f"Received: data.dataset={recipe.data.dataset!r}"
    )


def _selected(loaded: Data, path: str) -> data.Split:
    """The split with other unlabelled examples: those a selection names."""
    split, num_examples = loaded.split, loaded.num_examples
    place = Path(path)
    try:
        record = report.read_json(place.parent, place.name, report.Selection)
    except ValueError as error:
        raise ValueError(
            "`data.selection` must be a file that `keras-mpl select` wrote. "
            f"Received: {path} ({error})"
        ) from error
    chosen = record["unlabeled"]
    if not chosen or min(chosen) < 0 or max(chosen) >= num_examples:
        raise ValueError(
            f"`data.selection` must name examples from 0 to {num_examples - 1}."
            f" Received: {path}, with {len(chosen)} examples"
        )
    if record["split"] != split.fingerprint:
        raise ValueError(
            f"`data.selection` must be of the split {split.fingerprint} "
            f"({split.name}). Received: {path}, of {record['split']}"
        )
    changed = changed_set(record.get("digests", {}), loaded.image_digests)
    if changed is not None:
        raise ValueError(
            "`data.selection` must be of the files that are there now: its "
            f"numbers would name others. Received: {path}; a file of "
            f"`data.{changed}` was added, removed, renamed or changed since"
        )
    return dataclasses.replace(split, unlabeled=record["unlabeled"])


def finish(recipe: Recipe) -> Callable[[Any], Any] | None:
    """Returns what makes network inputs of a recipe's uint8 pixels."""
    if recipe.data.dataset in data.CATALOG:
        return data.CATALOG[recipe.data.dataset].normalize
    if recipe.data.dataset == "folder":
        half = (0.5,) * recipe.data.channels
        return data.Normalize(half, half)
    return None


def pixels(recipe: Recipe) -> models.Pixels:
    """Returns how pixels of an image become inputs of a recipe's networks."""
    entry = data.CATALOG.get(recipe.data.dataset)
    is_cropped = entry is not None and entry.is_streamed
    scale = finish(recipe)
    if isinstance(scale, data.Normalize):
        return models.Pixels(
            mean=scale.mean, std=scale.std, is_cropped=is_cropped
        )
    return models.Pixels(is_cropped=is_cropped)


def _split(
    recipe: Recipe,
    labels: np.ndarray,
    seed: int,
    *,
    num_test: float | None = None,
    num_validation: float | None = None,
    is_stratified: bool | None = None,
    class_names: tuple[str, ...] = (),
) -> data.Split:
    return data.split(
        labels,
        num_labeled=recipe.data.num_labeled or None,
        num_validation=(
            recipe.data.num_validation
            if num_validation is None
            else num_validation
        ),
        num_test=recipe.data.num_test if num_test is None else num_test,
        unlabeled=recipe.data.unlabeled_examples,
        is_stratified=is_stratified,
        class_names=class_names,
        is_balanced=recipe.data.is_balanced,
        split_seed=recipe.data.split_seed,
        seed=seed,
        dataset=recipe.data.dataset,
    )


def _with_extra(split: data.Split, first: int, last: int) -> data.Split:
    """Adds the images that never had a label to the unlabelled ones."""
    extra = np.arange(first, last)
    unlabeled = np.concatenate([split.unlabeled, extra])
    return dataclasses.replace(split, unlabeled=unlabeled)


def _catalog(recipe: Recipe, seed: int) -> Data:
    places = recipe.data
    try:
        loaded = data.load(places.dataset, places.dir, download=places.download)
    except ValueError as error:
        raise ValueError(f"{error} (--set data.dir=DIR)") from error
    if places.num_test > len(loaded.test_labels):
        raise ValueError(
            f"`data.num_test` must be at most {len(loaded.test_labels)}, the "
            f"test set of {places.dataset}. "
            f"Received: data.num_test={places.num_test}"
        )
    split = _split(recipe, loaded.labels, seed, num_test=0)
    return Data(
        loaded.images,
        loaded.labels,
        _with_extra(split, len(loaded.labels), len(loaded.images)),
        test=(
            loaded.test_images[: recipe.data.num_test],
            loaded.test_labels[: recipe.data.num_test],
        ),
        finish=finish(recipe),
        class_names=loaded.class_names,
    )


def _folder(recipe: Recipe, seed: int) -> Data:
    places = recipe.data
    if places.labeled is None:
        raise ValueError(
            "`data.labeled` must name a folder or a CSV file: "
            "--set data.labeled=DIR. Received: data.labeled=none"
        )
    labeled = _read(recipe, "labeled", places.labeled)
    sets = {"labeled": labeled}
    if places.unlabeled is not None:
        sets["unlabeled"] = _read(recipe, "unlabeled", places.unlabeled)
    labels, images = _labels(labeled), [one.images for one in sets.values()]
    exams: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name in ("validation", "test"):
        place = getattr(places, name)
        if place is not None:
            read = sets[name] = _read(recipe, name, place)
            _check_classes(name, read, labeled)
            exams[name] = read.images, _labels(read)
    split = _split(
        recipe,
        labels,
        seed,
        num_test=0 if "test" in exams else places.num_test or _SHARE,
        num_validation=(
            0 if "validation" in exams else places.num_validation or _SHARE
        ),
        is_stratified=True,
        class_names=labeled.class_names,
    )
    num_images = sum(map(len, images))
    paths = {name: tuple(map(str, one.paths)) for name, one in sets.items()}
    exam_paths = {name: paths.pop(name) for name in exams}
    return Data(
        np.concatenate(images),
        labels,
        _with_extra(split, len(labels), num_images),
        test=exams.get("test"),
        own_validation=exams.get("validation"),
        finish=finish(recipe),
        class_names=labeled.class_names,
        skipped=tuple(e for one in sets.values() for e in one.skipped),
        notes=data.remarks(sets, split),
        paths=tuple(itertools.chain(*paths.values())),
        exam_paths=exam_paths,
        digests={name: read.digest for name, read in sets.items()},
    )


def _check_classes(name: str, read: data.Images, labeled: data.Images) -> None:
    if read.class_names != labeled.class_names:
        raise ValueError(
            f"`data.{name}` must have the classes of `data.labeled`, "
            f"{', '.join(labeled.class_names)}. "
            f"Received: {', '.join(read.class_names)}"
        )


def _labels(read: data.Images) -> np.ndarray:
    if read.labels is None:  # never of a labelled set
        raise ValueError("labels must be there. Received: none")
    return read.labels


def find(recipe: Recipe, name: str, place: str) -> Files:
    """Lists the files of one set of a recipe of folders.

    Args:
        recipe: The recipe.
        name: `labeled`, `unlabeled` or `test`.
        place: The folder or CSV file.

    Raises:
        ValueError: If there are none; the message names the setting.
    """
    try:
        return data.find_files(
            place,
            is_labeled=name != "unlabeled",
            allow_outside=recipe.data.allow_outside,
        )
    except ValueError as error:
        raise ValueError(f"`data.{name}`: {error}") from error


def _read(recipe: Recipe, name: str, place: str) -> data.Images:
    files = find(recipe, name, place)
    try:
        return data.read_images(
            files,
            size=recipe.data.image_size,
            channels=recipe.data.channels,
            max_corrupt=recipe.data.max_corrupt,
        )
    except ValueError as error:
        raise ValueError(f"`data.{name}`: {error}") from error
