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


@contextlib.contextmanager
def explained(folder: Path, shown: str | Path | None = None) -> Iterator[None]:
    """Adds to an error, or to Ctrl-C, the command that goes on.

    Args:
        folder: The run folder, with a `config.json`.
        shown: What the command names in its place: a worker without the run
            folder has a temporary one.

    Raises:
        OSError: In the place of another one, of a full disk for instance, or
            of TensorFlow's pages on a worker that has ended.
        KeyboardInterrupt: Likewise.
        ValueError: If the folder was removed while the run was at work.
    """
    command = f"`keras-mpl resume {shlex.quote(str(shown or folder))}`"
    try:
        yield
    except OSError as error:
        check_there(folder)
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
    if not (folder / "checkpoints" / "lock").exists():
        raise ValueError(
            "`run` must keep its folder while it trains. "
            f"Received: {folder}, which was removed or emptied"
        )


@contextlib.contextmanager
def cleared_if_refused(folder: Path, is_new: bool) -> Iterator[None]:
    """Removes what a run has written if it is refused before it has trained.

    Args:
        folder: The run folder.
        is_new: Whether the run has made it.

    Raises:
        ValueError: As it came.
    """
    try:
        yield
    except ValueError:
        trained = [*folder.glob("metrics.jsonl"), *folder.glob("*/*/*.zip")]
        if not trained:
            _clear(folder, is_new)
        raise


def _clear(folder: Path, is_new: bool) -> None:
    for name in _FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in _FILES:
        (folder / name).unlink(missing_ok=True)
    if is_new:
        with contextlib.suppress(OSError):  # something else is in it
            folder.rmdir()
