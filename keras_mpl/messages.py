"""What the package has to say while it works, through `logging`.

The logger is `keras_mpl`. What `shown` encloses is printed on the terminal,
too, as a message and nothing else. This module must not import anything of the
package.
"""

import contextlib
import logging
import sys
from collections.abc import Iterator

__all__ = ["LOGGER", "are_heard", "say", "shown"]

LOGGER = logging.getLogger("keras_mpl")


class _Terminal(logging.Handler):
    """Prints messages on stdout, as it is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        gap = "\n" if getattr(record, "is_apart", False) else ""
        sys.stdout.write(f"{gap}{record.getMessage()}\n")
        sys.stdout.flush()


def say(text: str, *, is_apart: bool = False) -> None:
    """Passes a message to `logging`.

    Args:
        text: One line or more.
        is_apart: Whether a terminal has an empty line before it.
    """
    LOGGER.info("%s", text, extra={"is_apart": is_apart})


def are_heard() -> bool:
    """Whether anybody listens to what is said."""
    return LOGGER.isEnabledFor(logging.INFO)


@contextlib.contextmanager
def shown(is_shown: bool) -> Iterator[None]:
    """Prints on the terminal what is said in this context.

    Whoever has asked `logging` for the messages gets them as well.

    Args:
        is_shown: False leaves all as it is.
    """
    if not is_shown:
        yield
        return
    before = LOGGER.level, LOGGER.propagate
    terminal = _Terminal()
    LOGGER.propagate = LOGGER.propagate and are_heard()
    LOGGER.setLevel(min(LOGGER.level or logging.INFO, logging.INFO))
    LOGGER.addHandler(terminal)
    try:
        yield
    finally:
        LOGGER.removeHandler(terminal)
        LOGGER.setLevel(before[0])
        LOGGER.propagate = before[1]
