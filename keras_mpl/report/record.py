"""The record of a run: its environment, and one row per recipe."""

import datetime
import os
import platform
import statistics
from collections.abc import Mapping
from collections.abc import Sequence
from collections.abc import Set
from pathlib import Path
from typing import cast

import keras
import numpy as np
import tensorflow as tf

from keras_mpl import onednn
from keras_mpl.report.folder import code_version
from keras_mpl.report.formats import Environment
from keras_mpl.report.formats import Evaluation
from keras_mpl.report.formats import RecipeValues
from keras_mpl.report.formats import Row
from keras_mpl.report.formats import StageRow
from keras_mpl.report.predictions import Predictions
from keras_mpl.report.scores import scores

KEY = "data_wait_fraction"  # the mean of what the evaluations have recorded


def _threads_per_operation() -> int:
    """As the program or the environment says; 0: as many as cores."""
    said = tf.config.threading.get_intra_op_parallelism_threads()
    return int(said or os.environ.get("TF_NUM_INTRAOP_THREADS") or 0)


def environment(package_version: str) -> Environment:
    """Returns versions, commit, device and date, as plain values for JSON.

    Args:
        package_version: Version of keras_mpl.
    """
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
        "onednn": onednn.is_on(),
        "threads_per_operation": _threads_per_operation(),
        "num_replicas": 1,
        "date": datetime.datetime.now(datetime.UTC).isoformat("T", "seconds"),
    }


def row(
    recipe: RecipeValues,
    predictions: Mapping[str, Mapping[str, np.ndarray]],
    labels: np.ndarray,
    records: Sequence[Evaluation],
    real_labels: Sequence[Set[int]] | None = None,
    *,
    has_balanced: bool = False,
) -> Row:
    """Returns the accuracies of one recipe, and of each of its stages.

    Args:
        recipe: The recipe as plain values.
        predictions: For each stage, in order, the predictions of its networks
            for the test images: the best classes, as `scores` takes them. The
            networks are `""` (the averaged student), `"student_"` and
            `"teacher_"`.
        labels: True classes, shape `(num_test,)`.
        records: The recipe's lines of `metrics.jsonl`.
        real_labels: The set of ReaL labels of each test image, if known.
        has_balanced: Whether to compute balanced accuracies, too.

    Returns:
        The accuracies of the last stage, as fractions; that of the teacher is
        `None` if the last stage has none. With several stages, `stages` has the
        accuracies of each. `data_wait_fraction` is the mean of the records',
        if they have it.

    Raises:
        ValueError: If a stage has no records.
    """
    stages = [
        _stage(
            name,
            {
                network: scores(
                    best, labels, real_labels, has_balanced=has_balanced
                )
                for network, best in networks.items()
            },
            [record for record in records if record["stage"] == name],
        )
        for name, networks in predictions.items()
    ]
    last = {key: value for key, value in stages[-1].items() if key != "stage"}
    last["train_steps_done"] = records[-1]["step"]
    last["seconds"] = round(sum(stage["seconds"] for stage in stages), 3)
    waits = [r["data_wait_fraction"] for r in records if KEY in r]
    values: dict[str, object] = {
        "recipe": recipe["name"],
        "method": recipe["method"]["name"],
        "feedback": recipe["method"].get("feedback"),
        **last,
        **({KEY: statistics.mean(waits)} if waits else {}),
        **({"stages": stages} if len(stages) > 1 else {}),
    }
    return cast(Row, values)


def set_validation(row: Row, predictions: Predictions) -> None:
    """Sets a row's validation accuracy to that of its finished student.

    Args:
        row: What `row` returned; changed in place.
        predictions: What that student says of the validation examples.
    """
    if not len(predictions.labels):
        return
    is_right = np.argmax(predictions.logits, axis=-1) == predictions.labels
    accuracy = float(f"{np.mean(is_right):.7g}")
    row["val_accuracy"] = accuracy
    if "stages" in row:
        row["stages"][-1]["val_accuracy"] = accuracy


def _stage(
    name: str,
    measured: dict[str, dict[str, float]],
    records: Sequence[Evaluation],
) -> StageRow:
    accuracies = {
        f"test_{network}{measure}": value
        for network, measures in measured.items()
        for measure, value in measures.items()
    }
    if not records:
        raise ValueError(
            f"`records` must have those of stage {name}. Received: none"
        )
    last = records[-1]
    values = {
        "stage": name,
        "test_teacher_accuracy": None,
        **accuracies,
        "val_accuracy": last["val_accuracy"],
        "train_steps_done": last["step"],
        "seconds": last["seconds"],
    }
    return cast(StageRow, values)
