"""Keeps in the run folder what the diagnosis of the student needs later."""

from pathlib import Path

import numpy as np

from keras_mpl import report
from keras_mpl.runner.building import assembly
from keras_mpl.runner.execution import pictures


def keep(folder: Path, recipe: str, loaded: assembly.Loaded) -> None:
    """Fits the temperature, and keeps pictures of the telling examples.

    Args:
        folder: The run folder, with the predictions of the recipe.
        recipe: Name of the recipe whose student is exported.
        loaded: The data.
    """
    said = report.read_predictions(folder, recipe)
    if not all(np.isfinite(each.logits).all() for each in said.values()):
        return
    temperature = report.calibrate(folder, recipe, said["validation"])
    if pictures.kind(loaded) != "image":
        return
    for part, rows in report.telling_examples(said, temperature).items():
        if len(rows):
            images = loaded.pictures(rows, part)
            report.write_examples(folder, part, rows.tolist(), images)
