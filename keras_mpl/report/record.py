"""What a run records about itself: its surroundings, and one row per recipe."""

import datetime
import platform
from collections.abc import Sequence
from collections.abc import Set
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_mpl.report.folder import code_version
from keras_mpl.report.scores import scores


def environment(package_version: str) -> dict[str, Any]:
    """Returns versions, commit, device and date, ready for JSON."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        device = details.get("device_name", "GPU")
    else:
        device = f"CPU ({platform.machine()})"
    return {
        "versions": {
            "keras_mpl": package_version,
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
        **code_version(Path(__file__).parents[1]),
        "device": device,
        "num_replicas": 1,
        "date": datetime.datetime.now(datetime.UTC).isoformat("T", "seconds"),
    }


def row(
    recipe: dict[str, Any],
    answers: dict[str, dict[str, np.ndarray]],
    labels: np.ndarray,
    records: Sequence[dict[str, Any]],
    real_labels: Sequence[Set[int]] | None = None,
) -> dict[str, Any]:
    """Returns what a table says of one recipe, and of each of its stages.

    Args:
        recipe: The recipe as plain values.
        answers: Per stage, in order, what `""` (the averaged student),
            `"student_"` and `"teacher_"` say of the test images: their best
            classes, as `scores` takes them.
        labels: True classes, shape `(num_test,)`.
        records: The recipe's lines of `metrics.jsonl`.
        real_labels: Per test image the set of its ReaL labels, if known.

    Returns:
        Accuracies as fractions, those of the last stage; `None` where there
        is no such network. With several stages, each has its own under
        `stages`.
    """
    stages = [
        _stage(
            name,
            {
                key: scores(best, labels, real_labels)
                for key, best in said.items()
            },
            [r for r in records if r["stage"] == name],
        )
        for name, said in answers.items()
    ]
    last = dict(stages[-1])
    del last["stage"]
    last["train_steps_done"] = records[-1]["step"]
    last["seconds"] = round(sum(stage["seconds"] for stage in stages), 3)
    return {
        "recipe": recipe["name"],
        "method": recipe["method"]["name"],
        "feedback": recipe["method"].get("feedback"),
        **last,
        **({"stages": stages} if len(stages) > 1 else {}),
    }


def _stage(
    name: str,
    found: dict[str, dict[str, float]],
    records: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    accuracies = {
        f"test_{prefix}{measure}": value
        for prefix, measures in found.items()
        for measure, value in measures.items()
    }
    last = records[-1]
    return {
        "stage": name,
        "test_teacher_accuracy": None,
        **accuracies,
        "val_accuracy": last["val_accuracy"],
        "train_steps_done": last["step"],
        "seconds": last["seconds"],
    }
