"""One process at a time works on a run folder."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # Windows: nothing is locked there
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps every other process from a run folder while the context lasts.

    The operating system gives the lock back when its process ends, however
    it ends: a run that was killed is free, with nothing to clear away. A file
    system that knows no locks is trusted.

    Args:
        folder: The run folder. The lock lies with its checkpoints, and goes
            with them when the run is finished.

    Raises:
        ValueError: If another process has it; says which one. If something
            that is no folder is in its place.
    """
    try:
        (folder / "checkpoints").mkdir(exist_ok=True)
    except FileExistsError as error:
        raise ValueError(
            "`run` must have a folder `checkpoints`. "
            f"Received: {folder / 'checkpoints'}, which is none"
        ) from error
    path = folder / "checkpoints" / "lock"
    with path.open("a+") as file:
        if not _take(file):
            file.seek(0)
            raise ValueError(
                "`run` must not be at work elsewhere. Received: "
                f"{folder}, which {file.read() or 'another process'} works on"
            )
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield


def _take(file: Any) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # as on some network file systems
        return True
    return True
