"""Writes the pages, and what they need beside the files of a run."""

from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

from keras_mpl.report import reading
from keras_mpl.report.diagnosis import calibration
from keras_mpl.report.folder import replace
from keras_mpl.report.folder import write_json
from keras_mpl.report.formats import Result
from keras_mpl.report.html import comparison
from keras_mpl.report.html import document
from keras_mpl.report.html import finished
from keras_mpl.report.predictions import Predictions

PAGE = "report.html"


def calibrate(
    folder: Path, recipe: str, validation: Predictions
) -> float | None:
    """Fits a temperature to a student, and stores it if there is one.

    Args:
        folder: The run folder.
        recipe: Name of the recipe whose student is exported.
        validation: What it says of the validation examples.

    Returns:
        What the logits must be divided by; `None` if that could not be fitted.
    """
    labels, logits, _ = validation
    temperature = calibration.fit_temperature(logits, labels)
    if temperature is None:
        (folder / reading.CALIBRATION).unlink(missing_ok=True)
        return None
    record = {
        "recipe": recipe,
        "temperature": temperature,
        "num_validation": len(labels),
    }
    write_json(folder / reading.CALIBRATION, record)
    return temperature


def write_page(
    folder: str | Path, config: Mapping[str, object], result: Result
) -> Path:
    """Writes `report.html` into a run folder.

    Args:
        folder: The run folder.
        config: Contents of `config.json`, with recipes in present form.
        result: Contents of `result.json`.

    Returns:
        Path of the page.

    Raises:
        ValueError: If a file of the folder cannot be read.
    """
    run = finished.read(folder, config, result)
    replace(run.folder / PAGE, document.document(run))
    return run.folder / PAGE


def write_comparison(
    path: Path,
    runs: Sequence[tuple[Path, Mapping[str, object], Result]],
) -> None:
    """Writes a page that puts runs side by side.

    Args:
        path: The file to write.
        runs: Of each run its folder, and as in `write_page`.

    Raises:
        ValueError: If a file of a folder cannot be read.
    """
    read = [finished.read(*each) for each in runs]
    replace(path, comparison.comparison(read))
