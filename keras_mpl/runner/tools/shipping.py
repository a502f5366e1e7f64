"""Writes the student of a run in a format for other programs, with its card."""

from pathlib import Path
from typing import Any

import keras

from keras_mpl import models
from keras_mpl import names
from keras_mpl import report
from keras_mpl.report import card
from keras_mpl.runner.building import datasets
from keras_mpl.runner.building import recorded
from keras_mpl.runner.tools import evaluation

FOLDER = "export"
CARD = "MODEL_CARD.md"
_NAMES: dict[models.Format, str] = {
    "keras": "student.keras",
    "saved_model": "student",
    "onnx": "student.onnx",
    "tflite": "student.tflite",
}


def export(
    run: str | Path,
    *,
    format: models.Format = "keras",
    softmax: bool = False,
    output: str | Path | None = None,
) -> models.Converted:
    """Writes the student of a run for another program, and checks the file.

    It is read again by the runtime of its format, and must give the answers
    of the run's student. `labels.txt` and `MODEL_CARD.md` are written beside
    it. Of images, it takes pixels from 0 to 255 of any height and width.

    Args:
        run: Folder of a finished run.
        format: `keras`, `saved_model`, `onnx` or `tflite`; the last two need
            the extra `export` of the package.
        softmax: Whether it answers with probabilities in place of logits; they
            are calibrated if the run has a `calibration.json`.
        output: Path of the file, or of the folder of a SavedModel; by default
            it lies in `export/FORMAT` of the run folder.

    Returns:
        Path, runtime and the largest difference.

    Raises:
        ValueError: If it is no finished run, a library is missing, something
            else is where it would write, or the answers differ.
    """
    recipe, _ = recorded.origin(run)
    config = report.read_json(run, "config.json", report.Config)
    result = report.read_json(run, "result.json", report.Result)
    if not result["rows"]:
        raise ValueError(
            "`run` must have a result.json with rows. "
            f"Received: {run}, whose result.json has none"
        )
    network = evaluation.load_student(run)
    temperature = report.read_temperature(run)
    pixels = datasets.pixels(recipe) if len(network.input_shape) == 4 else None
    model = models.complete(
        network,
        pixels=pixels,
        softmax=softmax,
        temperature=temperature or 1.0,
    )
    called = _class_names(run, config, network)
    path = _place(run, format, output)
    labels = "".join(f"{name}\n" for name in called)
    _check_beside(path.parent, labels)
    found = models.convert(model, path, format=format, class_names=called)
    report.write_labels(path.parent, called)
    shipped = card.Shipped(
        file=path.name,
        format=format,
        runtime=found.runtime,
        largest_difference=found.largest_difference,
        num_checked=found.num_checked,
        class_names=called,
        size=network.input_shape[1] if pixels else None,
        channels=network.input_shape[-1],
        is_cropped=pixels is not None and pixels.is_cropped,
        softmax=softmax,
        temperature=temperature,
    )
    page = card.model_card(config, result, shipped)
    report.replace(path.parent / CARD, page)
    return found


def _class_names(
    run: str | Path, config: dict[str, Any], network: keras.Model
) -> tuple[str, ...]:
    """The names of the classes; their numbers where they have none."""
    found = tuple(config.get("class_names", ())) or report.read_labels(run)
    count = network.output_shape[-1]
    if found and len(found) != count:
        raise ValueError(
            f"`run` must have the names of its {count} classes, or none. "
            f"Received: {run}, with {len(found)}"
        )
    numbers = tuple(map(str, range(count)))
    return tuple(map(names.printable, found)) or numbers


def _place(
    run: str | Path, format: models.Format, output: str | Path | None
) -> Path:
    if format not in _NAMES:
        raise ValueError(
            f"`format` must be one of: {', '.join(_NAMES)}. "
            f"Received: format={format!r}"
        )
    if output is not None:
        return Path(output)
    report.check_plain(run)  # something will be written there
    folder = Path(run) / FOLDER / format
    folder.mkdir(parents=True, exist_ok=True)
    return folder / _NAMES[format]


def _check_beside(folder: Path, labels: str) -> None:
    """Raises if files of somebody else lie where card and names will be."""
    for name, is_ours in (
        (CARD, lambda text: text.startswith(card.MARK)),
        ("labels.txt", lambda text: text == labels),
    ):
        path = folder / name
        if path.is_symlink() or (
            path.exists() and not (path.is_file() and is_ours(_text(path)))
        ):
            raise ValueError(
                f"`output` must lie in a folder without another {name}. "
                f"Received: {path}"
            )


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")
