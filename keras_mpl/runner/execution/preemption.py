"""A process that is told to end (SIGTERM) can first save its state."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from keras_mpl.runner.building import strategies


class Preempted(SystemExit):
    """The process was told to end, and its state is on disk."""


class Notice:
    """Whether this process or another worker's was told to end (SIGTERM)."""

    def __init__(self, strategy: tf.distribute.Strategy) -> None:
        self._was_told = False
        self._any_worker = strategies.agreement(strategy)

    def give(self, *_: object) -> None:
        """Remembers the signal; this is the signal handler."""
        self._was_told = True

    def is_given(self) -> bool:
        """Whether to end now; all workers ask at the same step, and agree."""
        return self._any_worker(self._was_told)


@contextmanager
def watch_for_sigterm(strategy: tf.distribute.Strategy) -> Iterator[Notice]:
    """Turns SIGTERM into a notice while the context lasts.

    In another thread than the main one it does nothing, since only the main
    thread can handle signals.

    Args:
        strategy: Where the workers compute.
    """
    notice = Notice(strategy)
    if threading.current_thread() is not threading.main_thread():
        yield notice
        return
    before = signal.signal(signal.SIGTERM, notice.give)
    try:
        yield notice
    finally:
        signal.signal(signal.SIGTERM, before)
