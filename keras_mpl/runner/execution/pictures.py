"""The picture `samples.png` of a run, where the inputs can be drawn."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_mpl import recipes
from keras_mpl import report
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import datasets
from keras_mpl.runner.building import stages

_COLUMNS = 8
_MOST = 96  # images of samples.png; each is about two square inches
_LOOKED_AT = 5000  # of a streamed test set; decoding all takes minutes
NOUNS = {"image": "images", "plane": "points"}  # of others: examples
_ALTERNATIVES = {
    "image": "Test images with the networks' answers",
    "plane": "The plane as each student divides it",
}


def kind(loaded: datasets.Loaded) -> str:
    """Returns `image`, `plane` for points, or `other`, which is not drawn."""
    if len(loaded.input_shape) == 3:
        return "image"
    is_plane = loaded.input_shape == (2,) and loaded.num_classes == 2
    return "plane" if is_plane else "other"


def noun(loaded: datasets.Loaded) -> str:
    """Returns what an example is called, in the plural."""
    return NOUNS.get(kind(loaded), "examples")


def alternative(loaded: datasets.Loaded) -> str | None:
    """Returns the words that stand for the picture, if there is one."""
    return _ALTERNATIVES.get(kind(loaded))


def draw(
    jobs: Sequence[stages.Job],
    classes: dict[str, np.ndarray],
    loaded: datasets.Loaded,
    folder: Path,
) -> None:
    """Writes `samples.png`.

    Args:
        jobs: All of the run, trained; the recipe's own is the last one.
        classes: The predicted classes of the test examples, by network.
        loaded: The data.
        folder: The run folder.
    """
    if kind(loaded) == "image":
        figure = _images(jobs[-1], classes, loaded)
    elif kind(loaded) == "plane":
        figure = _plane(jobs, datasets.in_memory(loaded))
    else:
        return
    figure.savefig(folder / "samples.png")


def _images(
    job: stages.Job, classes: dict[str, np.ndarray], loaded: datasets.Loaded
) -> Any:
    _, labels = loaded.raw("test")
    rows = _by_class(labels[:_LOOKED_AT], loaded.num_classes)
    shown = {"teacher": classes.get("teacher_"), "student": classes[""]}
    there = len(np.unique(labels[rows]))
    title = f"{recipes.title(job.recipe)}: the first test images of "
    title += "each class"
    if there < loaded.num_classes:
        title += f" ({there} of {loaded.num_classes:,} classes)"
    return report.samples(
        loaded.pictures(rows),
        labels[rows],
        {name: said[rows] for name, said in shown.items() if said is not None},
        title=title,
        class_names=loaded.class_names,
        columns=_COLUMNS,
        by_class=loaded.num_classes * _COLUMNS <= _MOST,
    )


def _by_class(labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Returns the first images of every class, sorted by class.

    A class has a row of its own where all have room, and as many images as
    there is room for where they have not.
    """
    each = max(1, min(_COLUMNS, _MOST // num_classes))
    rows = [np.flatnonzero(labels == k)[:each] for k in range(num_classes)]
    return np.concatenate(rows)[:_MOST]


def _plane(jobs: Sequence[stages.Job], loaded: datasets.Data) -> Any:
    panels = {}
    test = loaded.part("test")
    for job in jobs:
        network = job.student

        def classify(places: np.ndarray, network: Any = network) -> np.ndarray:
            return assembly.classes(network, places)

        right = float(np.mean(classify(test[0]) == test[1]))
        title = f"{recipes.title(job.recipe)}: {100 * right:.1f} % right"
        panels[title] = report.decision_regions(classify, loaded.images)
    return report.plane(
        panels, loaded.images, loaded.labels, loaded.split.labeled
    )
