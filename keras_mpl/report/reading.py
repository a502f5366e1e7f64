"""Reads the files of a run folder, which may come from somebody else.

Whatever they hold, an error is one line that names the file and what is wrong.
"""

import json
import math
import os
import stat
from pathlib import Path
from typing import Any

from keras_mpl import names
from keras_mpl.report import checks
from keras_mpl.report.formats import Calibration
from keras_mpl.report.formats import Evaluation
from keras_mpl.report.formats import PseudoLabels

LABELS = "labels.txt"
METRICS = "metrics.jsonl"
PSEUDO_LABELS = "pseudo_labels.jsonl"
CALIBRATION = "calibration.json"


def check_plain(folder: str | Path) -> None:
    """Checks that a run folder holds files and folders, and nothing else.

    A link could lead what is written or removed to somebody's other files,
    and a pipe is never read to its end.

    Args:
        folder: The run folder, which may be a link itself.

    Raises:
        ValueError: If there is a link, a pipe or a device in it.
    """
    for place, folders, files in os.walk(folder):
        for entry in (*folders, *files):
            path = Path(place) / entry
            mode = path.lstat().st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                kind = "a link" if stat.S_ISLNK(mode) else "no file"
                raise ValueError(
                    "`run` must hold files and folders alone. "
                    f"Received: {names.printable(path)}, which is {kind}"
                )


def read_json(
    folder: str | Path, name: str, form: Any = dict[str, Any]
) -> dict[str, Any]:
    """Reads one of the JSON files of a run folder.

    Args:
        folder: The run folder.
        name: Name of the file, such as `config.json`.
        form: The type of its contents, such as `Config`; by default any
            object.

    Returns:
        The contents of the file.

    Raises:
        ValueError: If the folder has no such file, or the file is not JSON of
            this form.
    """
    path = Path(folder) / name
    if not path.exists():
        raise ValueError(
            f"`run` must be the folder of a finished run, with {name} in it. "
            f"Received: {folder}"
        )
    found: dict[str, Any] = _parsed(_text(path), form, path)
    return found


def read_records(folder: str | Path) -> list[Evaluation]:
    """Reads `metrics.jsonl`: one record per evaluation, oldest first.

    A last line that a kill has cut off is left out.

    Args:
        folder: The run folder.

    Raises:
        ValueError: If there is no such file, or a line is no record.
    """
    return [record for _, record in lines(Path(folder) / METRICS)]


def read_pseudo_labels(folder: str | Path) -> list[PseudoLabels]:
    """Reads how the pseudo labels of a run moved, oldest record first.

    Args:
        folder: The run folder.

    Returns:
        The lines of `pseudo_labels.jsonl`; none if there is no such file.

    Raises:
        ValueError: If a line is no record.
    """
    path = Path(folder) / PSEUDO_LABELS
    if not path.exists():
        return []
    return [record for _, record in lines(path, PseudoLabels)]


def read_temperature(folder: str | Path) -> float | None:
    """Reads what the logits of a run's student must be divided by.

    Args:
        folder: The run folder.

    Returns:
        The temperature, above 0; `None` if none was fitted.

    Raises:
        ValueError: If `calibration.json` is there and has none.
    """
    path = Path(folder) / CALIBRATION
    if not path.exists():
        return None
    found: Calibration = _parsed(_text(path), Calibration, path)
    if not found["temperature"] > 0:
        raise _unreadable(path, "it has no temperature above 0")
    return found["temperature"]


def read_labels(folder: str | Path) -> tuple[str, ...]:
    """Reads the names of a run's classes.

    Args:
        folder: The run folder.

    Returns:
        The names in order; empty if the classes have only numbers.

    Raises:
        ValueError: If the file cannot be read as text.
    """
    path = Path(folder) / LABELS
    if not path.exists():
        return ()
    return tuple(_text(path).split("\n")[:-1])


def lines(path: Path, form: Any = Evaluation) -> list[tuple[str, Any]]:
    """Reads the lines of a file of records, each with its record.

    Args:
        path: Path of the file.
        form: The type of a record.

    Raises:
        ValueError: If it is no file, or a line is no record; a last line that
            a kill has cut off is left out.
    """
    *whole, rest = _text(path).split("\n")
    if rest and _is_whole(rest):
        whole.append(rest)
    return [
        (line, _parsed(line, form, path, f"line {number}"))
        for number, line in enumerate(whole, 1)
    ]


def _is_whole(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _text(path: Path) -> str:
    """Reads a file of a run folder; it must be a file, and UTF-8."""
    try:
        if path.exists() and not path.is_file():
            raise ValueError("no file")
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _parsed(text: str, form: Any, path: Path, name: str = "it") -> Any:
    try:
        values = json.loads(
            text, parse_constant=_no_number, parse_float=_finite
        )
        wrong = checks.fault(values, form, name)
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, f"{name}: {error}") from error
    if wrong:
        raise _unreadable(path, wrong)
    return values


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    if math.isinf(value := float(text)):  # 1e999
        _no_number(text)
    return value


def _unreadable(path: Path, reason: object) -> ValueError:
    return ValueError(
        names.printable(
            f"`run` must have a readable {path.name}. "
            f"Received: {path} ({reason})"
        )
    )
