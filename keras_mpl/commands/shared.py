"""The parts that several commands use."""

import importlib
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from absl import flags

import keras_mpl
from keras_mpl import names
from keras_mpl import recipes


class Command(NamedTuple):
    """One sub-command: its arguments, its flags and its function."""

    arguments: str
    summary: str
    define: Callable[[flags.FlagValues], None]
    call: Callable[[list[str], flags.FlagValues], int | None]


def no_flags(values: flags.FlagValues) -> None:
    """Defines no flags."""


def set_flag(values: flags.FlagValues) -> None:
    """Defines `--set`."""
    flags.DEFINE_multi_string(
        "set",
        [],
        "KEY=VALUE changes a setting; `keras-mpl show RECIPE` lists the keys. "
        "Several are read in order, as method=uda and method.temperature=0.5",
        flag_values=values,
    )


def overrides(values: flags.FlagValues) -> list[str]:
    """Returns the items of `--set`; an old key is reported in one line."""
    with warnings.catch_warnings(record=True) as notices:
        warnings.simplefilter("always")
        items = [recipes.current(item) for item in values["set"].value]
    for notice in notices:
        print(f"keras-mpl: {names.printable(notice.message)}", file=sys.stderr)
    return items


def read(path: str) -> recipes.Recipe:
    """Reads the recipe in a JSON file.

    Raises:
        ValueError: If there is none.
    """
    try:
        return recipes.Recipe.from_json(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ValueError(
            "`--config` must be a file with a recipe, as `keras-mpl show "
            f"RECIPE --json` prints it. Received: {path} ({why})"
        ) from error


def runner() -> ModuleType:
    """Loads the runner, and TensorFlow with it."""
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
