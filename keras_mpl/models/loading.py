"""Loading of a network from a file that somebody else may have written.

Must not import the networks, trainers or data.
"""

import os
import pathlib
import zipfile

import keras

_LONGEST = 200  # characters of Keras' own reason


def load(path: str | os.PathLike[str], name: str) -> keras.Model:
    """Loads a network from a `.keras` file, and runs no code that it brings.

    Args:
        path: The file.
        name: The argument that names the file, for errors.

    Returns:
        The network, not compiled.

    Raises:
        ValueError: If it is no file, is damaged, or holds code (a `Lambda`).
    """
    path = pathlib.Path(path)
    try:
        _check_whole(path)
        network = keras.models.load_model(path, compile=False, safe_mode=True)
        if not isinstance(getattr(network, "input_shape", None), tuple):
            raise ValueError("no network with one input of known shape")
    except Exception as error:  # Keras raises many kinds for a bad file
        raise ValueError(
            f"`{name}` must be a whole `.keras` file without code of its own. "
            f"Received: {path} ({_reason(error)})"
        ) from error
    return network


def _check_whole(path: pathlib.Path) -> None:
    """Raises an error unless every byte is as it was written."""
    if not path.is_file():
        raise ValueError("no such file" if not path.exists() else "no file")
    if path.suffix != ".keras":
        return  # Keras says what it can read
    if not zipfile.is_zipfile(path):
        raise ValueError("cut off, or no zip archive")
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise ValueError(f"damaged in {damaged}")


def _reason(error: Exception) -> str:
    """Returns the innermost reason: Keras quotes whole networks around it."""
    text = str(error).rpartition("Exception encountered:")[2]
    line = " ".join(text.split()) or type(error).__name__
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
