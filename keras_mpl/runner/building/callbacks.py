"""The callbacks that a run is given: objects, names, or a function."""

import contextlib
import importlib
import json
import os
import sys
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from typing import NamedTuple
from typing import TypeAlias

import keras

_FORM = (
    "`callbacks` must name a callback as module:Name, or with arguments as a "
    'JSON object, module:Name={"monitor": "val_loss"}.'
)


class Training(NamedTuple):
    """One training of a run, for which callbacks are made.

    Attributes:
        recipe: The name of the recipe that trains.
        stage: Its stage: `"pretrain"`, `"train"` or `"finetune"`.
        folder: The run folder.
    """

    recipe: str
    stage: str
    folder: Path


# Keras callbacks or their names, or a function that makes those of a training.
Callbacks: TypeAlias = (
    Sequence[keras.callbacks.Callback | str]
    | Callable[[Training], Sequence[keras.callbacks.Callback]]
)
Make: TypeAlias = Callable[[Training], Sequence[keras.callbacks.Callback]]


def maker(given: Callbacks) -> Make:
    """Reads callbacks of any form as a function of the training.

    Args:
        given: Callbacks, each an object, which then sees all trainings, or
            `module:Name`, perhaps with `={...}`, of which each training has
            its own; or a function.

    Returns:
        From a training to its callbacks.

    Raises:
        ValueError: If a name can not be imported, or is of another form.
    """
    if callable(given):
        return given
    if isinstance(given, (str, keras.callbacks.Callback)):
        given = [given]
    makers = [
        _named(one) if isinstance(one, str) else _always(_is_callback(one))
        for one in given
    ]
    return lambda training: [make(training) for make in makers]


def described(given: Callbacks) -> list[str]:
    """Returns what the record of a run says of its callbacks."""
    if isinstance(given, keras.callbacks.Callback):
        given = [given]
    if isinstance(given, str) or callable(given):
        return [given if isinstance(given, str) else "made by a function"]
    return [
        one if isinstance(one, str) else type(one).__name__ for one in given
    ]


def made_for(make: Make, training: Training) -> list[keras.callbacks.Callback]:
    """Makes the callbacks of one training.

    Raises:
        ValueError: If they are no callbacks.
    """
    return [_is_callback(one) for one in make(training)]


def _named(text: str) -> Callable[[Training], Any]:
    name, equals, arguments = text.partition("=")
    module, colon, attribute = name.partition(":")
    if not (module and colon and attribute):
        raise ValueError(f"{_FORM} Received: {text!r}")
    given = _arguments(text, arguments) if equals else {}
    with _one_line(text, "which can not be imported"), _here_on_path():
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    if isinstance(found, keras.callbacks.Callback):
        return _always(found)

    def make(training: Training) -> Any:
        with _one_line(text, "which fails"):
            return found(**_filled(given, training))

    return make


def _always(one: keras.callbacks.Callback) -> Callable[[Training], Any]:
    return lambda training: one


def _arguments(text: str, arguments: str) -> dict[str, Any]:
    try:
        found = json.loads(arguments)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{_FORM} Received: {text!r} ({error})") from error
    if not isinstance(found, dict):
        raise ValueError(f"{_FORM} Received: {text!r}")
    return found


def _filled(value: Any, training: Training) -> Any:
    """Puts the training's names into texts: `{recipe}`, `{stage}`, `{folder}`.

    Other braces stay, as those of `{epoch}` are the callback's.
    """
    if isinstance(value, dict):
        return {key: _filled(one, training) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, training) for one in value]
    if isinstance(value, str):
        for key, name in training._asdict().items():
            value = value.replace(f"{{{key}}}", str(name))
    return value


def _is_callback(one: Any) -> keras.callbacks.Callback:
    if not isinstance(one, keras.callbacks.Callback):
        raise ValueError(
            "`callbacks` must be Keras callbacks. "
            f"Received: {type(one).__name__}"
        )
    return one


@contextlib.contextmanager
def _here_on_path() -> Iterator[None]:
    """Lets a module of the working folder be imported, as Python itself."""
    here = os.getcwd()
    sys.path.append(here)
    try:
        yield
    finally:
        sys.path.remove(here)


@contextlib.contextmanager
def _one_line(text: str, what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ValueError(
            f"{_FORM} Received: {text!r}, {what}: {reason}"
        ) from error
