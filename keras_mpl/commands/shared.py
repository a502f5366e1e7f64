"""What the commands share."""

import importlib
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import NamedTuple

from absl import flags

import keras_mpl


class Command(NamedTuple):
    """One sub-command: what it is called with, and what it does."""

    arguments: str
    summary: str
    define: Callable[[flags.FlagValues], None]
    call: Callable[[list[str], flags.FlagValues], int | None]


def no_flags(values: flags.FlagValues) -> None:
    """Defines none."""


def set_flag(values: flags.FlagValues) -> None:
    """Defines `--set`."""
    flags.DEFINE_multi_string(
        "set",
        [],
        "KEY=VALUE, changes a setting; `keras-mpl show RECIPE` lists them",
        flag_values=values,
    )


def printable(name: str) -> str:
    """Returns a name in which line breaks and escape codes are spelled out."""
    return keras_mpl.data.names.printable(name)


def runner() -> ModuleType:
    """Loads what trains, and TensorFlow with it."""
    return without_messages(lambda: keras_mpl.runner)


def without_messages(load: Callable[[], ModuleType]) -> ModuleType:
    """Imports what `load` names, and TensorFlow without its messages.

    Some of them heed no log level, so the process' stderr is put aside, until
    after the search for devices. The run's record names the device.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    stderr = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        module = load()
        importlib.import_module("tensorflow").config.list_physical_devices()
        return module
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
