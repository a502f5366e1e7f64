"""Changing a recipe from the command line, by typed `key=value`.

The one way in which a run may differ from its recipe; each change is kept in
the run's record. Must not import TensorFlow.
"""

import ast
import difflib
import typing
from collections.abc import Iterable
from typing import Any

from keras_mpl.recipes.base import Recipe
from keras_mpl.recipes.checked import conform

PROSE = ("name", "summary", "source", "expected")  # cannot be overridden


def settings(recipe: Recipe) -> dict[str, Any]:
    """Returns what can be overridden: dotted key to value.

    >>> from keras_mpl.recipes import RECIPES
    >>> settings(RECIPES["digits_20"])["student.momentum"]
    0.9
    """
    flat: dict[str, Any] = {}
    for key, value in recipe.to_dict().items():
        if isinstance(value, dict):
            flat |= {f"{key}.{name}": item for name, item in value.items()}
        elif key not in PROSE:
            flat[key] = value
    return flat


def spell(value: Any) -> str:
    """Returns a setting's value as `override` reads it.

    >>> spell(None), spell(True), spell(("a", "b")), spell(0.05)
    ('none', 'true', 'a,b', '0.05')
    """
    if isinstance(value, tuple):
        return ",".join(value)
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return str(value)


def changes(recipe: Recipe, start: Recipe) -> tuple[str, ...]:
    """Returns the overrides that make one recipe out of another.

    Args:
        recipe: What is to come of it, but for name and prose.
        start: The recipe to override.

    >>> from keras_mpl.recipes import RECIPES
    >>> start = RECIPES["digits_20"]
    >>> changes(override(start, ["dropout=0.1", "baselines="]), start)
    ('baselines=', 'dropout=0.1')
    """
    before = settings(start)
    return tuple(
        f"{key}={spell(value)}"
        for key, value in settings(recipe).items()
        if value != before[key]
    )


def override(recipe: Recipe, overrides: Iterable[str]) -> Recipe:
    """Returns the recipe with some settings changed.

    Args:
        recipe: The recipe to start from; it stays as it is.
        overrides: Each `key=value`, a nested key with a dot. A value is read
            as the type of its field; `none` is no value.

    Returns:
        A new recipe of the same name.

    Raises:
        ValueError: If a key is unknown, or a value has the wrong type.

    >>> from keras_mpl.recipes import RECIPES
    >>> changed = override(RECIPES["digits_20"], ["student.peak_lr=0.1"])
    >>> changed.student.peak_lr, changed.teacher.peak_lr
    (0.1, 0.05)
    """
    known = settings(recipe)
    values = recipe.to_dict()
    for item in overrides:
        key, equals, text = item.partition("=")
        if not equals:
            raise ValueError(f"`--set` must be key=value. Received: {item!r}")
        if key not in known:
            raise ValueError(_unknown(key, known))
        group, dot, name = key.rpartition(".")
        owner = values[group] if dot else values
        kind = type(getattr(recipe, group)) if dot else Recipe
        hint = typing.get_type_hints(kind)[name]
        owner[name] = conform(_parse(text, hint), hint, key)
    return Recipe.from_dict(values)


def _unknown(key: str, known: Iterable[str]) -> str:
    ordered = difflib.get_close_matches(key, known, n=3, cutoff=0.5)
    tails = {name.rpartition(".")[2]: name for name in known}
    close = difflib.get_close_matches(key, tails, n=3, cutoff=0.5)
    ordered += [tails[tail] for tail in close]
    ordered += sorted(known)
    names = ", ".join(dict.fromkeys(ordered))
    return f"`--set` key must be one of: {names}. Received: {key!r}"


def _parse(text: str, hint: Any) -> Any:
    """Reads a command-line value; what it cannot read stays text."""
    if hint is str:
        return text
    if hint == (str | None):  # a path may look like a number
        return None if text.lower() == "none" else text
    if typing.get_origin(hint) is tuple:
        return [name for name in text.split(",") if name]
    plain = {"true": True, "false": False, "none": None}
    if text.lower() in plain:
        return plain[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
