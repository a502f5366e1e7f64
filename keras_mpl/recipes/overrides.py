"""Changes a recipe by typed `key=value` items.

This is the one way in which a run may differ from its recipe; the run's record
keeps every change. This module must not import TensorFlow.
"""

import contextlib
import typing
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

from keras_mpl.recipes.base import Recipe
from keras_mpl.recipes.checked import coerce
from keras_mpl.recipes.checked import coerce_field
from keras_mpl.recipes.checked import hints_of
from keras_mpl.recipes.keys import current
from keras_mpl.recipes.keys import flatten
from keras_mpl.recipes.keys import settings
from keras_mpl.recipes.keys import unknown
from keras_mpl.recipes.methods import METHODS
from keras_mpl.recipes.methods import MPL
from keras_mpl.recipes.methods import SHARED
from keras_mpl.recipes.methods import MeanTeacher

_RAMP = "method.consistency_ramp_steps"


def format_value(value: object) -> str:
    """Returns a setting's value as `override` reads it.

    >>> format_value(None), format_value(True), format_value(("a", "b"))
    ('none', 'true', 'a,b')
    """
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return str(value)


def changes(recipe: Recipe, start: Recipe) -> tuple[str, ...]:
    """Returns the overrides that make one recipe out of another.

    Args:
        recipe: The recipe that the overrides lead to, but for its words.
        start: The recipe to override.

    >>> from keras_mpl.recipes import RECIPES
    >>> start = RECIPES["digits_20"]
    >>> changes(override(start, ["model.dropout=0.1", "baselines="]), start)
    ('baselines=', 'model.dropout=0.1')
    """
    values, found = start.to_dict(), []
    is_other = recipe.method.name != start.method.name
    if is_other:
        found.append(f"method={recipe.method.name}")
        values = _with_method(values, recipe.method.name)
    before = flatten(values)
    found += [
        f"{key}={format_value(value)}"
        for key, value in settings(recipe).items()
        # The ramp of another method would follow the length.
        if value != before[key] or (is_other and key == _RAMP)
    ]
    return tuple(found)


def override(recipe: Recipe, overrides: Iterable[str]) -> Recipe:
    """Returns the recipe with some settings changed.

    Args:
        recipe: The recipe to start from; it stays as it is.
        overrides: Each `key=value`, a nested key with a dot, in order. A value
            is read as the type of its field; `none` is no value. `method=uda`
            brings UDA's own settings; what follows may change them. The ramp
            of its consistency takes a quarter of the training at most.

    Returns:
        A new recipe of the same name. Where another method trains it, its
        summary says so.

    Raises:
        ValueError: If a key is unknown, or a value has the wrong type.

    >>> from keras_mpl.recipes import RECIPES
    >>> changed = override(RECIPES["digits_20"], ["student.peak_lr=0.1"])
    >>> changed.student.peak_lr, changed.teacher.peak_lr
    (0.1, 0.05)
    """
    values, overrides = recipe.to_dict(), [*overrides]
    for item in overrides:
        key, _, text = current(item).partition("=")
        if key == "method":
            values = _with_method(values, text)
        else:
            _assign(values, key, text)
    if values["method"]["name"] != recipe.method.name:
        values |= prose_with_method(recipe, values["method"]["name"])
        _shorten_ramp(values, overrides)
    return Recipe.from_dict(values)


def _shorten_ramp(values: dict[str, Any], overrides: Sequence[str]) -> None:
    """Ends the ramp of another method with the first quarter of training.

    Mean Teacher's own takes 40,000 steps. Of 500 on 20 digits its weight would
    have been 1 % at the last one: 83 % on test in place of 95 %, three seeds.
    """
    method, key = values["method"], _RAMP.partition(".")[2]
    given = {current(item).partition("=")[0] for item in overrides}
    if key in method and _RAMP not in given:
        method[key] = min(method[key], values["train_steps"] // 4)


def _assign(values: dict[str, Any], key: str, text: str) -> None:
    method = values["method"]["name"]
    known = flatten(values)
    if key not in known:
        raise unknown(key, known, method)
    group, dot, name = key.rpartition(".")
    owner = _owner(group, method) if dot else Recipe
    place = values[group] if dot else values
    parsed = _parse(text, hints_of(owner)[name])
    place[name] = coerce_field(owner, name, parsed, key)


def _owner(group: str, method: str) -> type:
    """The dataclass of a group of settings."""
    if group == "method":
        return METHODS[method]
    hint = hints_of(Recipe)[group]
    return next(iter(typing.get_args(hint)), hint)


def _with_method(values: dict[str, Any], name: str) -> dict[str, Any]:
    """Returns a recipe's plain values with another method and its defaults.

    What all methods share stays: label smoothing, average, weight decay and
    clipping. A teacher that comes with the method has the student's optimizer;
    one that has to be trained before is trained for as many steps.

    Args:
        values: As `Recipe.to_dict` returns them.
        name: Name of the method; its own name changes nothing.

    Raises:
        ValueError: If there is no such method.
    """
    before = values["method"]
    if name == before["name"]:
        return values
    kind = METHODS[coerce(name, typing.Literal[tuple(METHODS)], "method")]
    shared = {key: before[key] for key in SHARED}
    if kind is MeanTeacher and not before["ema_decay"]:
        del shared["ema_decay"]  # the average is the teacher
    values = {**values, "method": kind(**shared).to_dict()}
    stages = dict(values["stages"], rounds=1, use_reduced_teacher=False)
    values["data"] = dict(values["data"], stored_probs=None)
    if not kind.has_teacher:
        nothing = {"teacher_network": None, "teacher_dropout": None}
        values |= {"teacher": None, "model": values["model"] | nothing}
        stages["pretrain_steps"] = 0
    elif values["teacher"] is None:
        values["teacher"] = dict(values["student"])
    if kind.has_teacher and kind is not MPL:
        stages["pretrain_steps"] = (
            stages["pretrain_steps"] or values["train_steps"]
        )
    values["stages"] = stages
    return values


def prose_with_method(recipe: Recipe, name: str) -> dict[str, str]:
    """Returns summary and expectation of a recipe with another method.

    Args:
        recipe: The recipe as it was.
        name: Name of the other method.
    """
    title = METHODS[name].title
    return {
        "summary": f"{title} on the data of {recipe.name}",
        "expected": f"unknown, as {recipe.name} is a recipe for "
        f"{recipe.method.title}",
    }


def _parse(text: str, hint: Any) -> Any:
    """Reads a command-line value; what it cannot read stays text."""
    if hint is str:
        return text
    if hint == (str | None):  # a path may look like a number
        return None if text.lower() == "none" else text
    if typing.get_origin(hint) is typing.Literal:
        options = {str(one): one for one in typing.get_args(hint)}
        return options.get(text, text)
    if typing.get_origin(hint) is tuple:
        return [name for name in text.split(",") if name]
    if any(typing.get_origin(one) is tuple for one in typing.get_args(hint)):
        return _parse_choice_or_list(text)
    plain = {"true": True, "false": False, "none": None}
    if text.lower() in plain:
        return plain[text.lower()]
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text


def _parse_choice_or_list(text: str) -> Any:
    """Reads `none`, numbers with commas between them, or a name."""
    if text.lower() == "none":
        return None
    try:
        return [float(number) for number in text.split(",")]
    except ValueError:
        return text
