"""Dataclasses whose fields are checked: type, choices, and range.

The values are plain data: text, numbers, lists of names, and dataclasses of
those. This module must not import TensorFlow.
"""

import contextlib
import dataclasses
import math
import re
import reprlib
import types
import typing
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import Literal

_PLAIN: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
    str: "text",
}
_PLURAL: dict[Any, str] = {str: "names", float: "finite numbers"}
_LARGEST = 2**63 - 1  # what TensorFlow can count to
WHOLE = "recipe"  # what an error calls the outermost group
_AS_DEFAULT = object()
_HINTS: dict[type, dict[str, Any]] = {}  # to read them takes long


@dataclasses.dataclass(frozen=True)
class Checked:
    """A base class that checks every field when an object is made."""

    def __post_init__(self) -> None:
        for name in fields_of(type(self)):
            value = coerce_field(type(self), name, getattr(self, name), name)
            object.__setattr__(self, name, value)

    def to_dict(self) -> dict[str, Any]:
        """Returns nested plain values, ready for JSON."""
        found = {name: getattr(self, name) for name in fields_of(type(self))}
        return {
            name: value.to_dict() if isinstance(value, Checked) else value
            for name, value in found.items()
        }

    def to_hash(self) -> dict[str, Any]:
        """Returns what a fingerprint depends on.

        This is `to_dict` without the fields that were added later and are as
        they were before.
        """
        found = self.to_dict()
        for name, field in fields_of(type(self)).items():
            value = getattr(self, name)
            if isinstance(value, Checked):
                found[name] = value.to_hash()
            elif field.metadata.get("before") == (value,):
                del found[name]
        return found


def fields_of(owner: type) -> dict[str, dataclasses.Field[Any]]:
    """Returns the fields of a dataclass by name."""
    return {field.name: field for field in dataclasses.fields(owner)}


def hints_of(owner: type) -> dict[str, Any]:
    """Returns the declared types of the fields of a dataclass."""
    if owner not in _HINTS:
        _HINTS[owner] = typing.get_type_hints(owner)
    return _HINTS[owner]


def at_least(low: float, *default: float | None) -> Any:
    """Returns a dataclass field with a lowest allowed value.

    Args:
        low: The lowest value.
        *default: The default value; a field without one must be given.
    """
    return _field({"low": low}, default)


def above(low: float, *default: float | None) -> Any:
    """Returns a dataclass field whose value must be larger than `low`."""
    return _field({"above": low}, default)


def between(low: float, high: float, *default: float | None) -> Any:
    """Returns a dataclass field with a lowest and a highest allowed value."""
    return _field({"low": low, "high": high}, default)


def _field(metadata: dict[str, Any], default: Sequence[object]) -> Any:
    [value] = default or (dataclasses.MISSING,)
    return dataclasses.field(default=value, metadata=metadata)


def added_later(default: object, *, before: object = _AS_DEFAULT) -> Any:
    """Returns a dataclass field that was added when there were records.

    At the value that runs had before, it is left out of a recipe's
    fingerprint, so that the runs recorded then keep their row.

    Args:
        default: The default value, or a field with a default and bounds.
        before: The value that runs had before; the default if not given.
    """
    metadata: dict[str, Any] = {}
    if isinstance(default, dataclasses.Field):
        metadata |= default.metadata
        default = default.default
    metadata["before"] = (default if before is _AS_DEFAULT else before,)
    return _field(metadata, (default,))


def coerce_field(owner: type, name: str, value: object, key: str) -> Any:
    """Returns the value of a field as its declared type, within its bounds.

    Args:
        owner: The dataclass.
        name: The name of the field.
        value: Any value.
        key: What to call the value in an error.

    Raises:
        ValueError: If the value has another type, or is out of bounds.
    """
    value = coerce(value, hints_of(owner)[name], key)
    bounds = fields_of(owner)[name].metadata
    if value is not None and bounds.keys() & {"low", "above"}:
        _check_bounds(value, bounds, key)
    return value


def _check_bounds(value: Any, bounds: Mapping[str, float], key: str) -> None:
    low = bounds.get("low", -math.inf)
    high = bounds.get("high", math.inf)
    expected = None
    if not low <= value <= high:
        is_range = "high" in bounds
        expected = f"from {low} to {high}" if is_range else f"at least {low}"
    if "above" in bounds and value <= bounds["above"]:
        expected = f"more than {bounds['above']}"
    if expected:
        raise ValueError(f"`{key}` must be {expected}. Received: {key}={value}")


def coerce(value: object, hint: object, key: str) -> Any:
    """Returns a value as its declared type.

    Args:
        value: Anything, also what JSON makes of a recipe.
        hint: The declared type.
        key: What to call the value in an error.

    Raises:
        ValueError: If the value has another type. `True` is not a number; a
            whole number is taken for a float.

    >>> coerce(1, float, "dropout")
    1.0
    """
    origin = typing.get_origin(hint)
    if dataclasses.is_dataclass(hint):
        return _coerce_dataclass(value, hint, key)
    if origin is Literal:
        is_known = any(value is one or value == one for one in _args(hint))
        if is_known and not isinstance(value, bool):
            return value
        raise _wrong(key, _describe(hint), value)
    if origin in (typing.Union, types.UnionType):
        return _coerce_union(value, hint, key)
    if origin is tuple:
        if isinstance(value, list | tuple):
            return tuple(coerce(item, _args(hint)[0], key) for item in value)
        raise _wrong(key, _describe(hint), value)
    is_bool = isinstance(value, bool)
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise _wrong(key, f"at most {_LARGEST}", value)
    if hint is float and isinstance(value, int | float) and not is_bool:
        if math.isfinite(value):
            return float(value)
    elif hint in _PLAIN and is_bool == (hint is bool):
        if isinstance(value, typing.cast(type, hint)):
            return value
    raise _wrong(key, _describe(hint), value)


def _args(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint)


def _coerce_union(value: Any, hint: Any, key: str) -> Any:
    """One of several dataclasses by its `name`, or a type or `None`.

    Or one of a few names, or else a list.
    """
    options = [one for one in _args(hint) if one is not types.NoneType]
    if value is None and len(options) < len(_args(hint)):
        return None
    if len(options) == 1:
        return coerce(value, options[0], key)
    if any(typing.get_origin(option) is tuple for option in options):
        for option in options:
            with contextlib.suppress(ValueError):
                return coerce(value, option, key)
        raise _wrong(key, ", or ".join(map(_describe, options)), value)
    if isinstance(value, tuple(options)):
        return value
    by_name = {option.name: option for option in options}
    name = value.get("name") if isinstance(value, dict) else value
    if not isinstance(name, str) or name not in by_name:
        raise _wrong(key, f"one of: {', '.join(by_name)}", name)
    if not isinstance(value, dict):
        raise _wrong(key, "an object with fields", value)
    values = {k: v for k, v in value.items() if k != "name"}
    return _coerce_dataclass(values, by_name[name], key)


def _coerce_dataclass(value: Any, hint: Any, key: str) -> Any:
    if isinstance(value, hint):
        return value
    if not isinstance(value, dict):
        raise _wrong(key, "an object with fields", value)
    fields = fields_of(hint)
    check_names(hint, value, key)
    needed = {n for n, f in fields.items() if f.default is dataclasses.MISSING}
    if missing := sorted(needed - value.keys()):
        raise ValueError(
            f"`{key}` must have {missing}, too. "
            f"Received: {shortened(sorted(value))}"
        )
    if key == WHOLE:
        return hint(**value)
    try:
        return hint(**value)
    except ValueError as error:
        raise ValueError(_qualified(str(error), fields, key)) from error


def _qualified(message: str, names: Iterable[str], key: str) -> str:
    """An error of a group's fields, these with the group before the name.

    >>> _qualified("`a` must be 0. Received: a=1", ["a"], "student")
    '`student.a` must be 0. Received: student.a=1'
    """
    any_name = "|".join(map(re.escape, names))
    named = rf"(`| )({any_name})(?=[`=])"
    return re.sub(named, rf"\g<1>{key}.\g<2>", message)


def as_before(values: Mapping[str, Any], owner: type) -> dict[str, Any]:
    """Fills in the fields that a record lacks, as they were when it was made.

    Args:
        values: Nested plain values, such as an older version wrote.
        owner: The dataclass that they are of.

    Returns:
        The values, and of the fields that were `added_later` what runs had
        before.
    """
    filled = dict(values)
    for name, field in fields_of(owner).items():
        if name not in filled and "before" in field.metadata:
            [filled[name]] = field.metadata["before"]
        elif isinstance(part := filled.get(name), Mapping):
            for option in _options(hints_of(owner)[name]):
                if part.get("name") == getattr(option, "name", None):
                    filled[name] = as_before(part, option)
    return filled


def _options(hint: Any) -> list[Any]:
    """The dataclasses that a field may hold."""
    options = (hint, *_args(hint))
    return [one for one in options if dataclasses.is_dataclass(one)]


def check_names(owner: type, given: Mapping[str, Any], key: str) -> None:
    """Checks that a dataclass has the fields of these names.

    Raises:
        ValueError: If one of them is unknown; it says which there are.
    """
    fields = fields_of(owner)
    if unknown := sorted(given.keys() - fields.keys()):
        raise _wrong(key, f"made of {sorted(fields)}", unknown)


def _describe(hint: Any) -> str:
    if typing.get_origin(hint) is Literal:
        return "one of: " + ", ".join(map(str, _args(hint)))
    if typing.get_origin(hint) is tuple:
        return "a list of " + _PLURAL[_args(hint)[0]]
    return _PLAIN[hint]


def _wrong(key: str, expected: str, value: Any) -> ValueError:
    return ValueError(
        f"`{key}` must be {expected}. Received: {key}={shortened(value)}"
    )


def shortened(value: object) -> str:
    """Returns a value as Python writes it, if it is long only its beginning.

    >>> shortened([1, "a" * 1000]) == repr([1, "a" * 1000])
    False
    """
    writer = reprlib.Repr()
    writer.maxstring = writer.maxother = writer.maxlong = 200
    writer.maxlist = writer.maxtuple = writer.maxdict = 20
    return writer.repr(value)
