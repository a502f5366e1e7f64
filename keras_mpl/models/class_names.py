"""The names of the classes inside a `.keras` file.

They are in the file's own `metadata.json`, under `class_names`: any program can
read them, and Keras passes them over. A model that is saved anew loses them.
"""

import json
import os
import pathlib
import zipfile
from collections.abc import Sequence

_METADATA = "metadata.json"
_KEY = "class_names"


def add_class_names(path: pathlib.Path, class_names: Sequence[str]) -> None:
    """Writes names into a `.keras` file, in place.

    Args:
        path: The file, which nobody else reads yet.
        class_names: In the order of the logits.
    """
    named = path.with_name(path.name + ".named")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(named, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == _METADATA:
                found = json.loads(content)
                content = json.dumps({**found, _KEY: [*class_names]}).encode()
            new.writestr(entry, content)
    os.replace(named, path)


def read_class_names(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Reads the names of the classes from a `.keras` file.

    Args:
        path: The file.

    Returns:
        In the order of the logits; empty if the file has none.

    Raises:
        ValueError: If it is no `.keras` file, or its names are no texts.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = json.loads(archive.read(_METADATA)).get(_KEY, [])
        if not all(isinstance(name, str) for name in [*found]):
            raise ValueError("its class names are no texts")
    except Exception as error:  # whatever a forged file brings about
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(
            f"`path` must be a whole `.keras` file. Received: {path} ({reason})"
        ) from error
    return tuple(found)
