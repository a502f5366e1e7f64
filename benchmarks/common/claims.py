"""Who is at what, among processes that share a folder; the library alone."""

import contextlib
import fcntl
import pathlib
from collections.abc import Iterator


@contextlib.contextmanager
def claimed(folder: pathlib.Path) -> Iterator[bool]:
    """Keeps a run from other processes; yields whether it was free.

    Args:
        folder: Of the run; the lock lies beside it, and the operating system
            gives it back when the process ends, however it ends.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = folder.with_name(f"{folder.name}.lock")
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
