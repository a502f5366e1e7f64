"""The file `student.keras` of a run, complete with pixels and class names."""

from pathlib import Path
from typing import Any

from keras_mpl import models
from keras_mpl.runner.building import datasets
from keras_mpl.runner.building import stages
from keras_mpl.runner.building import summary


def write(job: stages.Job, loaded: datasets.Loaded, path: Path) -> None:
    """Writes the student of a job: of images, it takes pixels of any size.

    Args:
        job: Trained.
        loaded: Its data.
        path: Path of the file.
    """
    is_image = len(loaded.input_shape) == 3
    models.export(
        job.student,
        path,
        pixels=datasets.pixels(job.recipe) if is_image else None,
        class_names=summary.class_names(loaded),
    )


def described(loaded: datasets.Loaded) -> dict[str, Any]:
    """Returns what `config.json` says of the file."""
    is_image = len(loaded.input_shape) == 3
    is_drafted = is_image and isinstance(loaded, datasets.Data)
    return {
        "class_names": [*loaded.class_names],
        "student_takes": "pixels" if is_image else "inputs",
        "draft_size": 2 * loaded.input_shape[0] if is_drafted else None,
    }
