"""The run folder, which is never overwritten, and its JSON files."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_mpl.report.formats import CodeVersion
from keras_mpl.report.formats import Evaluation

_LABELS = "labels.txt"


def create_folder(output: str | Path | None, name: str) -> Path:
    """Makes the folder of a run, and checks that it can be written.

    Args:
        output: The folder, which must be new or empty; `None` makes the next
            of `runs/<name>-1`, `runs/<name>-2`, ...
        name: Name of the recipe.

    Returns:
        Path of the folder.

    Raises:
        ValueError: If the folder is not empty or cannot be written. A partial
            `config.json`, of a run that was killed at its start, is allowed.
    """
    try:
        folder = Path(output) if output is not None else _next_folder(name)
        folder.mkdir(parents=True, exist_ok=True)
        found = {path.name for path in folder.iterdir()}
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        where = output if output is not None else Path("runs").absolute()
        raise ValueError(
            "`output` must be a folder that can be written. "
            f"Received: {where} ({error.strerror})"
        ) from error
    if found - {"config.json.partial"}:
        raise ValueError(
            "`output` must be new or empty, since a run is never overwritten. "
            f"Received: {folder}"
        )
    return folder


def _next_folder(name: str) -> Path:
    runs = Path("runs")
    runs.mkdir(exist_ok=True)
    pattern = re.compile(re.escape(name) + r"-(\d+)")
    found = [pattern.fullmatch(path.name) for path in runs.iterdir()]
    number = 1 + max((int(match[1]) for match in found if match), default=0)
    while True:
        folder = runs / f"{name}-{number}"
        try:
            folder.mkdir()
        except FileExistsError:  # another run has made it
            number += 1
        else:
            return folder


def write_json(path: Path, values: object) -> None:
    """Writes plain values as indented JSON, whole or not at all.

    Args:
        path: Path of the file.
        values: Anything that JSON can hold.

    Raises:
        ValueError: If a number is infinite or not a number.
    """
    _replace(path, json.dumps(values, indent=2, allow_nan=False) + "\n")


def read_json(folder: str | Path, name: str) -> dict[str, Any]:
    """Reads one of the JSON files of a run folder.

    Args:
        folder: The run folder.
        name: Name of the file, such as `config.json`.

    Returns:
        The contents of the file; `formats` has their types.

    Raises:
        ValueError: If the folder has no such file, or the file is not JSON.
    """
    path = Path(folder) / name
    try:
        return json.loads(path.read_text())
    except FileNotFoundError as error:
        raise ValueError(
            f"`run` must be the folder of a finished run, with {name} in it. "
            f"Received: {folder}"
        ) from error
    except (OSError, ValueError) as error:
        raise ValueError(
            f"`run` must have a readable {name}. Received: {path} ({error})"
        ) from error


def write_labels(folder: Path, class_names: Sequence[str]) -> None:
    """Writes `labels.txt`, one class per line, if the classes have names.

    Args:
        folder: The run folder.
        class_names: The names of the classes, in order.
    """
    if class_names:
        _replace(folder / _LABELS, "".join(f"{n}\n" for n in class_names))


def read_labels(folder: str | Path) -> tuple[str, ...]:
    """Reads the names of a run's classes.

    Args:
        folder: The run folder.

    Returns:
        The names in order; empty if the classes have only numbers.

    Raises:
        ValueError: If the file cannot be read as text.
    """
    path = Path(folder) / _LABELS
    try:
        return tuple(path.read_text("utf-8").split("\n")[:-1])
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise ValueError(
            f"`run` must have a readable {_LABELS}. Received: {path} ({error})"
        ) from error


def read_records(folder: str | Path) -> list[Evaluation]:
    """Reads `metrics.jsonl`: one record per evaluation, oldest first."""
    lines = (Path(folder) / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def drop_records(folder: str | Path, recipe: str, *, after_step: int) -> None:
    """Removes a recipe's records of the steps that will be repeated.

    It also removes a last line that was written in part.

    Args:
        folder: The run folder.
        recipe: Name of the recipe; the records of others are kept.
        after_step: Records of later steps are removed.
    """
    path = Path(folder) / "metrics.jsonl"
    if not path.exists():
        return
    kept = []
    for line in path.read_text().splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if record["recipe"] != recipe or record["step"] <= after_step:
            kept.append(line + "\n")
    _replace(path, "".join(kept))


def _replace(path: Path, text: str) -> None:
    """Writes a temporary file, and moves it to its path when it is complete."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def code_version(package: Path) -> CodeVersion:
    """Returns the commit that the package runs from.

    Args:
        package: Folder of the package.

    Returns:
        The commit, and whether files differ from it. Both are `None` for an
        installed copy, even if it lies in the folder of another repository.
    """

    def git(*words: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(package), *words],
                capture_output=True,
                text=True,
                timeout=10,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()

    commit = None
    if git("ls-files", "--error-unmatch", "__init__.py") is not None:
        commit = git("rev-parse", "HEAD")
    if commit is None:
        return {"commit": None, "dirty": None}
    changes = git("status", "--porcelain", "--", ".")
    return {"commit": commit, "dirty": bool(changes)}
