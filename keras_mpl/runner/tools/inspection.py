"""Shows the data of a recipe: counts by class, and the augmented views."""

import os
from pathlib import Path

import numpy as np
from matplotlib.backend_bases import FigureCanvasBase

from keras_mpl import report
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import datasets
from keras_mpl.runner.building import settling
from keras_mpl.runner.building import streamed
from keras_mpl.runner.building import summary
from keras_mpl.runner.building.arrays import as_picture


def preview(
    recipe: Recipe | str, path: str | os.PathLike[str], *, seed: int = 0
) -> str:
    """Draws the first labelled examples and views that a run would use.

    Args:
        recipe: A recipe, or the name of one; as in `run`, files choose the
            settings of `folder` that were not set.
        path: Picture to write, such as `preview.png`.
        seed: Of the labelled examples, their order and their views.

    Returns:
        Which split it is, for people.

    Raises:
        ValueError: If the data or the views cannot be made, or `path` is no
            picture's.
    """
    place = _picture(path)
    recipe = settling.as_run(recipe)
    loaded = assembly.load(recipe, seed)
    batch = next(iter(assembly.batches(recipe, loaded, seed)))
    shown = 24 if recipe.batch_size >= 24 else recipe.batch_size
    undo = getattr(loaded.finish, "undo", np.asarray)
    labeled, weak, strong = (
        as_picture(undo(images[:shown]))
        for images in map(
            np.asarray,
            (batch.labeled_inputs, batch.weak_inputs, batch.strong_inputs),
        )
    )
    names = summary.class_names(loaded)
    labels = np.asarray(batch.labels[:shown]).tolist()
    figure = report.contact_sheet(
        labeled,
        [names[label] for label in labels],
        {"weak": weak, "strong": strong},
        title=f"{recipe.name}: {loaded.split.name}, batch 0",
        labels=labels,
    )
    figure.savefig(place)
    return summary.of_split(loaded)


def _picture(path: str | os.PathLike[str]) -> Path:
    """Checks before the data are read that a picture can be written."""
    place, kinds = Path(path), FigureCanvasBase.get_supported_filetypes()
    if place.suffix[1:].lower() not in kinds or place.is_dir():
        raise ValueError(
            "`output` must end in .png, .jpg, .svg, .pdf or another kind of "
            f"picture. Received: {path}"
        )
    if not place.parent.is_dir():
        raise ValueError(
            f"`output` must lie in a folder that exists. Received: {path}"
        )
    return place


def describe(recipe: Recipe | str, *, seed: int = 0) -> str:
    """Counts the examples of each class in each set of a recipe.

    Args:
        recipe: A recipe, or the name of one; see `preview`.
        seed: Of the labelled examples.

    Returns:
        A table, and what identifies the split.

    Raises:
        ValueError: If the data cannot be loaded or divided.
    """
    loaded = assembly.load(settling.as_run(recipe), seed)
    if not isinstance(loaded, datasets.Data):
        return "\n".join([*_streamed(loaded), "", summary.of_split(loaded)])
    return f"{summary.of_classes(loaded)}\n\n{summary.of_split(loaded)}"


def _streamed(loaded: streamed.Streamed) -> list[str]:
    """Returns sizes alone; to count classes, every file would be read."""
    sizes = {
        "labeled": len(loaded.labeled),
        "unlabeled": len(loaded.unlabeled),
        **{name: len(exam.labels) for name, exam in loaded.exams.items()},
    }
    return [f"{name:12}{size:>12,}" for name, size in sizes.items()]
