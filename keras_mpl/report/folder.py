"""The run folder, which is never overwritten, and what is written into it."""

import contextlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

from keras_mpl import names
from keras_mpl.report import reading
from keras_mpl.report.formats import CodeVersion
from keras_mpl.report.formats import Evaluation
from keras_mpl.report.formats import PseudoLabels


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
    names.as_part(name, "name")
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
    replace(path, json.dumps(values, indent=2, allow_nan=False) + "\n")


def write_labels(folder: Path, class_names: Sequence[str]) -> None:
    """Writes `labels.txt`, one class per line, if the classes have names.

    Args:
        folder: The run folder.
        class_names: The names of the classes, in order.
    """
    if class_names:
        lines = "".join(f"{name}\n" for name in class_names)
        replace(folder / reading.LABELS, lines)


def drop_records(folder: str | Path, recipe: str, *, after_step: int) -> None:
    """Removes a recipe's records of the steps that will be repeated.

    They are those of `metrics.jsonl` and `pseudo_labels.jsonl`. A last line
    that was written in part is removed, too.

    Args:
        folder: The run folder.
        recipe: Name of the recipe; the records of others are kept.
        after_step: Records of later steps are removed.

    Raises:
        ValueError: If another line than the last one is no record.
    """
    forms = (
        (reading.METRICS, Evaluation),
        (reading.PSEUDO_LABELS, PseudoLabels),
    )
    for name, form in forms:
        path = Path(folder) / name
        if not path.exists():
            continue
        kept = [
            line + "\n"
            for line, record in reading.lines(path, form)
            if record["recipe"] != recipe or record["step"] <= after_step
        ]
        replace(path, "".join(kept))


def append_record(path: Path, record: Mapping[str, object]) -> None:
    """Adds a record to a file that has one on each line.

    Args:
        path: Path of the file; it need not be there.
        record: Anything that JSON can hold.

    Raises:
        OSError: If it cannot be written; names the file.
    """
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, allow_nan=False) + "\n")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def replace(path: Path, text: str) -> None:
    """Writes a text file whole or not at all, and through no link.

    Args:
        path: Path of the file; what is there is replaced.
        text: Its contents.

    Raises:
        OSError: If it cannot be written; names the file.
    """
    replace_bytes(path, text.encode())


def replace_bytes(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all, and through no link.

    Args:
        path: Path of the file; what is there is replaced.
        content: Its contents.

    Raises:
        OSError: If it cannot be written; names the file.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        partial.unlink(missing_ok=True)
        with partial.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)  # a full disk needs the room
        raise OSError(error.errno, error.strerror, str(path)) from error


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
