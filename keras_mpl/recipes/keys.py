"""The dotted keys of the settings of a recipe, as `--set` takes them.

`method.temperature` is the temperature of the recipe's method. The name of a
group alone stands for what the group is: `method=uda`, `model=wrn_10_1`,
`data=svhn`. This module must not import TensorFlow.
"""

import difflib
import warnings
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_mpl.recipes.base import Recipe
from keras_mpl.recipes.checked import fields_of
from keras_mpl.recipes.version_0_1 import RENAMED

PROSE = ("name", "summary", "source", "expected")  # cannot be overridden
SHORT = {
    "data": "data.dataset",
    "model": "model.network",
    "weights": "model.weights",
}


def flatten(values: Mapping[str, object]) -> dict[str, Any]:
    """Returns plain values of a recipe by dotted key.

    >>> flatten({"name": "a", "method": {"name": "uda", "temperature": 0.4},
    ...          "batch_size": 5, "teacher": None})
    {'method': 'uda', 'method.temperature': 0.4, 'batch_size': 5}
    """
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            for name, item in value.items():
                flat[key if name == "name" else f"{key}.{name}"] = item
        elif key not in (*PROSE, "teacher"):
            flat[key] = value
    return flat


def settings(recipe: Recipe) -> dict[str, Any]:
    """Returns all settings that can be overridden, by dotted key.

    >>> from keras_mpl.recipes import RECIPES
    >>> settings(RECIPES["digits_20"])["student.momentum"]
    0.9
    """
    return flatten(recipe.to_dict())


def shown(recipe: Recipe) -> dict[str, Any]:
    """Returns the settings that count for this recipe.

    Those of data, views, networks and stages are left out at their defaults:
    most of them have no meaning for a given data set.
    """
    found = settings(recipe)
    for name in ("data", "views", "model", "stages"):
        for key, field in fields_of(type(getattr(recipe, name))).items():
            if found[f"{name}.{key}"] == field.default:
                del found[f"{name}.{key}"]
    return found


def current(item: str) -> str:
    """Returns an override with its full, present key.

    Args:
        item: `key=value`; a key of version 0.1.0 is replaced, with a warning
            that names the new one.

    Raises:
        ValueError: If it has no `=`.

    >>> current("model=wrn_10_1")
    'model.network=wrn_10_1'
    """
    key, equals, text = item.partition("=")
    if not equals:
        raise ValueError(f"`--set` must be key=value. Received: {item!r}")
    if key in SHORT:
        return f"{SHORT[key]}={text}"
    if key not in RENAMED:
        return item
    warnings.warn(
        f"`--set {key}=` is now `--set {RENAMED[key]}=`; the old key still "
        "works.",
        FutureWarning,
        stacklevel=2,
    )
    return f"{RENAMED[key]}={text}"


def unknown(key: str, known: Iterable[str], method: str) -> ValueError:
    """Returns the error of a key that the recipe does not have.

    Args:
        key: The key.
        known: The keys of the recipe.
        method: The name of the recipe's method.
    """
    known = [one for one in known if one != "method"]
    group = key.partition(".")[0]
    of_group = [one for one in known if one.startswith(f"{group}.")]
    if group == "method":
        return ValueError(
            f"`--set` key must be one of method={method}: "
            f"{', '.join(dict.fromkeys([*_close(key, of_group), *of_group]))}. "
            f"Received: {key!r}"
        )
    if group == "teacher" and "." in key and not of_group:
        return ValueError(
            f"`--set` key must not be of a teacher: method={method} has none. "
            f"Received: {key!r}"
        )
    known = sorted(["method", *known])
    return ValueError(
        f"`--set` key must be one of: {listed(_close(key, known), known)}. "
        f"Received: {key!r}"
    )


def listed(close: Sequence[str], known: Sequence[str]) -> str:
    """Joins the names that are close to a wrong one, or all of them.

    >>> listed(["b"], "abc"), listed([], "abc")
    ('b, or 2 others', 'a, b, c')
    """
    if not close:
        return ", ".join(known)
    return f"{', '.join(close)}, or {len(known) - len(close)} others"


def _close(key: str, known: list[str]) -> list[str]:
    ordered = difflib.get_close_matches(key, known, n=3, cutoff=0.5)
    tails = {name.rpartition(".")[2]: name for name in known}
    tail = key.rpartition(".")[2]
    close = difflib.get_close_matches(tail, tails, n=3, cutoff=0.5)
    return list(dict.fromkeys([*ordered, *(tails[name] for name in close)]))
