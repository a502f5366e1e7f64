"""Tests the student of a finished run again; what else needs the student."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from keras_mpl import data
from keras_mpl import models
from keras_mpl import names
from keras_mpl import report
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import datasets
from keras_mpl.runner.building import recorded


@dataclass(frozen=True, kw_only=True)
class Score:
    """Test accuracy of a reloaded student beside the recorded one.

    Attributes:
        accuracy: The most probable class is right; a fraction.
        recorded: The same, as the run recorded it.
        num_test: Test examples.
        split: Its name.
        balanced: The mean of it over the classes; of a run on folders alone.
        top_5: The right class is among the five most probable; none where
            there are fewer.
        real: Precision by ReaL labels; none without such labels.
    """

    accuracy: float
    recorded: float
    num_test: int
    split: str
    balanced: float | None = None
    top_5: float | None = None
    real: float | None = None


def evaluate(
    folder: str | Path, *, real_labels: str | Path | None = None
) -> Score:
    """Tests the student of a run folder again, from its file.

    Args:
        folder: A run folder.
        real_labels: The file of ReaL labels, of a run on ImageNet; the run's
            own if `None`.

    Returns:
        The accuracies now, and the recorded one.

    Raises:
        ValueError: If it is no finished run, or its test set cannot be made
            again from its record.
    """
    recipe, config = recorded.origin(folder)
    recorded_accuracy = _recorded_accuracy(folder)
    network = load_student(folder)
    if real_labels is not None:
        recipe = recipe.replace(data={"real_labels": str(real_labels)})
    loaded = assembly.load(recipe, config["seed"])
    recorded.check_data(folder, config, loaded)
    _check_fits(network, loaded, folder)
    images, labels = loaded.part("test")
    best = assembly.best(network, images)
    found = report.scores(
        best,
        labels,
        loaded.real_labels,
        has_balanced=recipe.data.dataset == "folder",
    )
    return Score(
        accuracy=found["accuracy"],
        balanced=found.get("balanced_accuracy"),
        top_5=found.get("top_5_accuracy"),
        real=found.get("real_accuracy"),
        recorded=recorded_accuracy,
        num_test=len(labels),
        split=loaded.split.name,
    )


def _recorded_accuracy(folder: str | Path) -> float:
    result = report.read_json(folder, "result.json", report.Result)
    if not result["rows"]:
        raise ValueError(
            "`run` must have a result.json with rows. Received: "
            f"{Path(folder) / 'result.json'}, which has none"
        )
    name = result["rows"][-1]["recipe"]
    if "exported" in result:
        name = result["exported"]["recipe"]
    of_name = [row for row in result["rows"] if row["recipe"] == name]
    if not of_name:
        raise ValueError(
            "`run` must have a result.json with a row of the student that was "
            f"exported. Received: {Path(folder) / 'result.json'}, without "
            f"{names.printable(name)}"
        )
    return float(of_name[0]["test_accuracy"])


def _check_fits(
    network: keras.Model, loaded: assembly.Loaded, folder: str | Path
) -> None:
    expected = (*loaded.input_shape, loaded.num_classes)
    given = (*network.input_shape[1:], network.output_shape[-1])
    if given != expected:
        raise ValueError(
            "`run` must have a student.keras for its data, of shape and "
            f"classes {expected}. Received: {folder} with {given}"
        )


def class_names(folder: str | Path) -> tuple[str, ...]:
    """Reads the names of a run's classes; none if they have only numbers."""
    return report.read_labels(folder)


def check_class_names(folder: str | Path, num_classes: int) -> tuple[str, ...]:
    """Reads the names of a run's classes, which are one for each, or none.

    Args:
        folder: The run folder.
        num_classes: Classes of its student.

    Raises:
        ValueError: If there are fewer or more.
    """
    found = class_names(folder)
    if found and len(found) != num_classes:
        raise ValueError(
            f"`run` must have the names of its {num_classes} classes, or none. "
            f"Received: {folder}, with {len(found)} in labels.txt"
        )
    return found


def load_student(folder: str | Path) -> keras.Model:
    """Loads the network of a run's student, without what is around it.

    `student.keras` takes pixels; of runs of old it is the network alone.

    Raises:
        ValueError: If the folder has none, or it is damaged or holds code.
    """
    path = Path(folder) / "student.keras"
    if not path.is_file():
        raise ValueError(
            "`run` must be the folder of a finished run, with student.keras "
            f"in it. Received: {folder}"
        )
    return models.network_of(models.load(path, "student.keras"))


def inputs_of(
    recipe: Recipe, paths: Sequence[str | Path], *, size: int, channels: int
) -> np.ndarray:
    """Reads image files as the networks of a recipe are shown them.

    Args:
        recipe: The recipe, whose own reader and scale are taken.
        paths: Image files.
        size: Height and width of the inputs, in pixels.
        channels: 1 or 3.

    Raises:
        ValueError: If a file cannot be read.
    """
    read = [
        pixels_of(recipe, path, size=size, channels=channels) for path in paths
    ]
    return finished(recipe, np.stack(read))


def pixels_of(
    recipe: Recipe, path: str | Path, *, size: int, channels: int
) -> np.ndarray:
    """Reads one image file by the reader of a recipe.

    Returns:
        Pixels, uint8, shape `(size, size, channels)`.

    Raises:
        ValueError: If it cannot be read.
    """
    entry = data.CATALOG.get(recipe.data.dataset)
    is_cropped = entry is not None and entry.is_streamed
    return data.read_image(
        path, size=size, channels=channels, is_cropped=is_cropped
    )


def finished(recipe: Recipe, pixels: np.ndarray) -> np.ndarray:
    """Returns pixels as the networks of a recipe are shown them."""
    finish = datasets.finish(recipe)
    if finish is None:
        return pixels / np.float32(255)
    return np.asarray(finish(pixels))
