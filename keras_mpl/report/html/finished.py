"""A finished run as the page needs it: the files of its folder, read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from keras_mpl.report import examples
from keras_mpl.report import reading
from keras_mpl.report.diagnosis import calibration
from keras_mpl.report.formats import Config
from keras_mpl.report.formats import PseudoLabels
from keras_mpl.report.formats import Result
from keras_mpl.report.formats import Row
from keras_mpl.report.predictions import Predictions
from keras_mpl.report.predictions import has_predictions
from keras_mpl.report.predictions import read_predictions
from keras_mpl.report.results import exported_row

_MAX_BYTES = 20_000_000  # of a picture of the folder


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A finished run.

    Attributes:
        folder: Its folder.
        config: Contents of `config.json`, with recipes in present form.
        result: Contents of `result.json`.
        class_names: Of the classes; empty if they only have numbers.
        predictions: What the exported student says of each part; empty in
            runs of before they were kept.
        missing: Why there are none, in a sentence; empty if there are some.
        temperature: What logits are divided by; `None` if none was fitted.
        pseudo_labels: How they moved; empty if that was not recorded.
    """

    folder: Path
    config: Config
    result: Result
    class_names: tuple[str, ...]
    predictions: Mapping[str, Predictions]
    missing: str
    temperature: float | None
    pseudo_labels: tuple[PseudoLabels, ...]

    @property
    def row(self) -> Row:
        """The row of the recipe whose student was exported."""
        return exported_row(self.result)

    @property
    def num_classes(self) -> int:
        """Number of classes; 0 if it is not known."""
        for said in self.predictions.values():
            return int(said.logits.shape[1])
        return len(self.class_names)

    def class_name(self, label: int) -> str:
        """Returns the name of a class; its number if it has none."""
        if label < len(self.class_names):
            return self.class_names[label]
        return str(label)

    def probs(self, part: str) -> np.ndarray:
        """Returns calibrated class probabilities of the examples of a part."""
        logits = self.predictions[part].logits
        return calibration.calibrated(logits, self.temperature or 1.0)

    def example_name(self, part: str, row: int) -> str:
        """Returns the path of an example; its set and place if it has none."""
        paths = self.predictions[part].paths
        return paths[row] if paths else f"{part} example {row}"

    def example(self, part: str, row: int) -> bytes | None:
        """Returns the content of the small picture of an example."""
        return examples.read_example(self.folder, part, row)

    def figure(self, name: str) -> bytes | None:
        """Returns the content of a PNG of the folder, if there is one."""
        path = self.folder / name
        if not path.is_file() or path.stat().st_size > _MAX_BYTES:
            return None
        return path.read_bytes()


def read(
    folder: str | Path, config: Mapping[str, object], result: Result
) -> Finished:
    """Reads what the page of a run is made of.

    Args:
        folder: The run folder.
        config: Contents of `config.json`, with recipes in present form.
        result: Contents of `result.json`.

    Raises:
        ValueError: If a file is there and cannot be read.
    """
    folder = Path(folder)
    recipe = exported_row(result)["recipe"]
    predictions, missing = _predictions(folder, recipe)
    return Finished(
        folder=folder,
        config=cast(Config, config),
        result=result,
        class_names=reading.read_labels(folder),
        predictions=predictions,
        missing=missing,
        temperature=reading.read_temperature(folder),
        pseudo_labels=tuple(reading.read_pseudo_labels(folder)),
    )


def _predictions(
    folder: Path, recipe: str
) -> tuple[Mapping[str, Predictions], str]:
    if not has_predictions(folder, recipe):
        return {}, (
            "This part of the report needs what the student says of every "
            "held-out example, which this run has not kept."
        )
    found = read_predictions(folder, recipe)
    if not all(np.isfinite(said.logits).all() for said in found.values()):
        return {}, (
            "This part of the report needs logits that are finite, and those "
            "of this student are not."
        )
    return found, ""
