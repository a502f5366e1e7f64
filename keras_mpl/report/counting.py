"""How far a long piece of work is, on a terminal and without one."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

_WIDTH = 24  # characters of the bar
_PAUSE = 0.1  # seconds between two looks of a bar
_QUIET = 10.0  # seconds between two lines without a terminal


class Counting:
    """Shows a bar on a terminal; otherwise a line now and then.

    Args:
        total: How much there is to do.
        unit: What is counted, such as `images`.
        stream: Where to show it; stderr if `None`.
        clock: Seconds, from any beginning.
    """

    def __init__(
        self,
        total: int,
        unit: str,
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._total = total
        self._unit = unit
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._is_live = self._stream.isatty()
        self._start = self._shown = clock()
        self._length = 0

    def update(self, done: int) -> None:
        """Shows how much is done, unless that was shown just now."""
        now = self._clock()
        if now - self._shown < (_PAUSE if self._is_live else _QUIET):
            return
        self._shown = now
        line = self._line(done, now - self._start)
        if self._is_live:
            full = _WIDTH * done // max(self._total, 1)
            line = f"[{'=' * full:{_WIDTH}}] {line}"
            self._stream.write(f"\r{line:{self._length}}")
            self._length = len(line)
        else:
            self._stream.write(f"{line}\n")
        self._stream.flush()

    def _line(self, done: int, seconds: float) -> str:
        rate = done / seconds if seconds > 0 else 0.0
        left = f", {(self._total - done) / rate:.0f} s left" if rate else ""
        return (
            f"{done:,}/{self._total:,} {self._unit}, {rate:,.1f} a second{left}"
        )

    def clear(self) -> None:
        """Removes the bar until it is shown again."""
        if self._is_live and self._length:
            self._stream.write("\r" + " " * self._length + "\r")
            self._stream.flush()
            self._length = 0
