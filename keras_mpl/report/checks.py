"""Checks that plain values are as the types of `formats` say."""

import types
import typing
from typing import Any

_PLAIN: dict[Any, tuple[tuple[type, ...], str]] = {
    str: ((str,), "text"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    bool: ((bool,), "true or false"),
}


def fault(value: object, form: Any, name: str = "it") -> str | None:
    """Says what is wrong with plain values, if anything is.

    Args:
        value: What JSON holds.
        form: A `TypedDict`, or another type of its fields. Further fields are
            allowed, as training logs them.
        name: What to call the value.

    Returns:
        `None`, or the first fault in a few words.

    >>> fault({"a": [1, "b"]}, dict[str, list[int]])
    'it.a[1] is not a whole number'
    """
    if form is Any:
        return None
    if typing.is_typeddict(form):
        return _of_fields(value, form, name)
    origin, inner = typing.get_origin(form), typing.get_args(form)
    if origin in (typing.Union, types.UnionType):
        faults = [fault(value, one, name) for one in inner]
        return faults[0] if all(faults) else None
    if origin is typing.NotRequired:
        return fault(value, inner[0], name)
    if origin is typing.Annotated:
        return _of_plain(value, inner[0], name) or _within(
            value, name, *inner[1]
        )
    if origin is list:
        if not isinstance(value, list):
            return f"{name} is no list"
        members = [(f"{name}[{i}]", one) for i, one in enumerate(value)]
        return _first(members, inner[0])
    if origin is dict:
        if not isinstance(value, dict):
            return f"{name} is no object"
        return _first([(f"{name}.{k}", v) for k, v in value.items()], inner[1])
    return _of_plain(value, form, name)


def _of_plain(value: object, form: Any, name: str) -> str | None:
    if form is types.NoneType:
        return None if value is None else f"{name} is not null"
    kinds, words = _PLAIN[form]
    is_right = isinstance(value, kinds)
    if is_right and isinstance(value, bool) == (form is bool):
        return None
    return f"{name} is not {words}"


def _within(value: Any, name: str, low: float, high: float) -> str | None:
    if low <= value <= high:
        return None
    return f"{name} is not from {low} to {high}"


def _of_fields(value: object, form: Any, name: str) -> str | None:
    if not isinstance(value, dict):
        return f"{name} is no object"
    for key in sorted(form.__required_keys__):
        if key not in value:
            return f"{name} has no {key}"
    hints = typing.get_type_hints(form, include_extras=True)
    for key, hint in hints.items():
        if key in value and (found := fault(value[key], hint, f"{name}.{key}")):
            return found
    return None


def _first(members: list[tuple[str, object]], form: Any) -> str | None:
    found = (fault(value, form, name) for name, value in members)
    return next(filter(None, found), None)
