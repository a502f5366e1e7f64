"""Dataclass fields that have the type they declare, and say so if not.

Plain data only: text, numbers, lists of names, and dataclasses of those. Must
not import TensorFlow.
"""

import dataclasses
import math
import types
import typing
from typing import Any
from typing import Literal


class Checked:
    """Gives a dataclass fields whose values have the type they declare."""

    def __post_init__(self) -> None:
        hints = typing.get_type_hints(type(self))
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            value = conform(value, hints[field.name], field.name)
            low = field.metadata.get("low")
            if low is not None and value is not None and value < low:
                raise ValueError(
                    f"`{field.name}` must be at least {low}. "
                    f"Received: {field.name}={value}"
                )
            object.__setattr__(self, field.name, value)


def at_least(low: float, default: Any = dataclasses.MISSING) -> Any:
    """Returns a dataclass field with a lowest allowed value."""
    return dataclasses.field(default=default, metadata={"low": low})


def later(default: Any, low: float | None = None) -> Any:
    """Returns a dataclass field that came after version 0.1.0.

    At its default it is left out of a recipe's fingerprint, so that the runs
    recorded before it was there keep their row.
    """
    metadata = {"later": True} if low is None else {"later": True, "low": low}
    return dataclasses.field(default=default, metadata=metadata)


def conform(value: Any, hint: Any, key: str) -> Any:
    """Returns the value as its declared type, or says what is wrong.

    Args:
        value: Anything, also what JSON makes of a recipe.
        hint: The declared type.
        key: What to call the value in an error.

    Raises:
        ValueError: If the value has another type. `True` is no number; a
            whole number may stand for a float.

    >>> conform(1, float, "dropout")
    1.0
    """
    origin = typing.get_origin(hint)
    if dataclasses.is_dataclass(hint):
        return _conform_dataclass(value, hint, key)
    if origin is Literal:
        if isinstance(value, str) and value in typing.get_args(hint):
            return value
        raise _wrong(key, _spell(hint), value)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        return conform(value, typing.get_args(hint)[0], key)
    if origin is tuple:
        if isinstance(value, list | tuple):
            return tuple(conform(item, str, key) for item in value)
        raise _wrong(key, "a list of names", value)
    is_bool = isinstance(value, bool)
    if hint is float and isinstance(value, int | float) and not is_bool:
        if math.isfinite(value):
            return float(value)
    elif isinstance(value, hint) and is_bool == (hint is bool):
        return value
    raise _wrong(key, _spell(hint), value)


def _conform_dataclass(value: Any, hint: Any, key: str) -> Any:
    if isinstance(value, hint):
        return value
    if not isinstance(value, dict):
        raise _wrong(key, "an object with fields", value)
    fields = dataclasses.fields(hint)
    known = {field.name for field in fields}
    if unknown := sorted(value.keys() - known):
        raise _wrong(key, f"made of {sorted(known)}", unknown)
    needed = {f.name for f in fields if f.default is dataclasses.MISSING}
    if missing := sorted(needed - value.keys()):
        raise ValueError(f"`{key}` must have {missing}, too.")
    return hint(**value)


def _spell(hint: Any) -> str:
    if typing.get_origin(hint) is Literal:
        return "one of: " + ", ".join(typing.get_args(hint))
    return {
        bool: "true or false",
        int: "a whole number",
        float: "a finite number",
        str: "text",
    }[hint]


def _wrong(key: str, expected: str, value: Any) -> ValueError:
    return ValueError(f"`{key}` must be {expected}. Received: {key}={value!r}")
