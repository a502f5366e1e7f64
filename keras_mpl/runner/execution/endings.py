"""A run that ends early says where it stands, and how to go on.

What was refused before its first evaluation leaves nothing behind.
"""

import contextlib
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

# What a run writes before its first evaluation.
_FILES = ("config.json", "split.json", "labels.txt", "pseudo_labels.jsonl")
_FOLDERS = ("checkpoints", "tensorboard")
# Only these may mean that the folder is gone; others say what is wrong.
_MISSING = (FileNotFoundError, NotADirectoryError)


@contextlib.contextmanager
def explained(folder: Path, shown: str | Path | None = None) -> Iterator[None]:
    """Adds to an error, or to Ctrl-C, the command that goes on.

    Args:
        folder: The run folder, with a `config.json`.
        shown: What the command names in its place: a worker without the run
            folder has a temporary one.

    Raises:
        OSError: In the place of another one, of a full disk for instance, or
            of TensorFlow's pages on a worker that has ended; as it came
            before there is a `config.json` to go on from.
        KeyboardInterrupt: Likewise.
        ValueError: If the folder was removed while the run was at work.
    """
    command = f"`keras-mpl resume {shlex.quote(str(shown or folder))}`"
    try:
        yield
    except OSError as error:
        if isinstance(error, _MISSING):
            check_there(folder)
        if _is_missing(folder / "config.json"):
            raise
        raise OSError(
            f"{error}; when there is room and access, {command} goes on"
        ) from error
    except tf.errors.UnavailableError as error:
        raise ConnectionError(
            "another worker has ended, or cannot be reached any more; "
            f"{command} on every worker goes on"
        ) from error
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(f"{command} goes on") from error


def check_there(folder: Path) -> None:
    """Checks that nobody has removed the run folder.

    Args:
        folder: The run folder, locked by this process.

    Raises:
        ValueError: If its lock is gone.
    """
    if _is_missing(folder / "checkpoints" / "lock"):
        raise ValueError(
            "`run` must keep its folder while it trains. "
            f"Received: {folder}, which was removed or emptied"
        )


def _is_missing(path: Path) -> bool:
    """Whether there is no such file; one that cannot be seen may be there."""
    try:
        path.stat()
    except OSError as error:
        return isinstance(error, _MISSING)
    return False


@contextlib.contextmanager
def cleared_if_refused(folder: Path, is_new: bool) -> Iterator[None]:
    """Removes what a run has written if it is refused before it has trained.

    Likewise if it can not write its first file.

    Args:
        folder: The run folder.
        is_new: Whether the run has made it.

    Raises:
        ValueError: As it came.
        OSError: As it came.
    """
    try:
        yield
    except (OSError, ValueError) as error:
        is_refused = isinstance(error, ValueError)
        if is_refused or _is_missing(folder / "config.json"):
            _clear_untrained(folder, is_new)
        raise


def _clear_untrained(folder: Path, is_new: bool) -> None:
    trained = [*folder.glob("metrics.jsonl"), *folder.glob("*/*/*.zip")]
    if trained:
        return
    for name in _FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in _FILES:
        with contextlib.suppress(OSError):  # the error that came counts
            (folder / name).unlink(missing_ok=True)
    if is_new:
        with contextlib.suppress(OSError):  # something else is in it
            folder.rmdir()
