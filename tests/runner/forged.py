"""A run folder that no run has made: its files can be anything."""

import json
from pathlib import Path

import keras

from keras_mpl import models
from keras_mpl import recipes
from keras_mpl.runner.building import assembly

RECIPE = recipes.override(recipes.find("digits_20"), ["baselines="])


def student() -> keras.Model:
    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten()]
    return keras.Sequential([*layers, keras.layers.Dense(10)])


def config() -> dict:
    split = assembly.load(RECIPE, 0).split
    return {
        "recipe": RECIPE.to_dict(),
        "baselines": [],
        "fingerprint": RECIPE.fingerprint(),
        "seed": 0,
        "overrides": ["baselines="],
        "split": {"name": split.name, "fingerprint": split.fingerprint},
        "versions": {"keras": "3"},
        "commit": None,
        "dirty": None,
        "device": "CPU",
        "precision": "float32",
    }


ROW = {
    "recipe": "digits_20",
    "method": "mpl",
    "feedback": "soft",
    "test_accuracy": 0.5,
    "test_teacher_accuracy": None,
    "val_accuracy": 0.5,
    "train_steps_done": 4,
    "seconds": 1.0,
}
RESULT = {
    "recipe": "digits_20",
    "fingerprint": "f",
    "seed": 0,
    "rows": [ROW],
    "wall_clock_seconds": 1.0,
}


def write(folder: Path) -> Path:
    """Writes the folder of a finished run, without training one."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config()))
    (folder / "result.json").write_text(json.dumps(RESULT))
    (folder / "metrics.jsonl").write_text("")
    models.export(student(), folder / "student.keras")
    return folder
