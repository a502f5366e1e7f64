"""A recipe in another length, and how long a person says it may take.

All steps follow the training: warm-up, wait, ramps, evaluations and the stages
before and after it. This module must not import TensorFlow.
"""

import contextlib
import math
import re
from collections.abc import Iterator
from collections.abc import Sequence

from keras_mpl.recipes.base import Recipe
from keras_mpl.recipes.keys import settings
from keras_mpl.recipes.overrides import format_value
from keras_mpl.recipes.steps import StepsError

_UNITS = {"h": 3600, "m": 60, "s": 1}
_BUDGET = re.compile(
    r"(?=\S)" + "".join(rf"(?:(\d+(?:\.\d+)?){unit})?" for unit in _UNITS)
)
# Steps that do not have to be whole intervals between two evaluations.
_FREE = (
    "student.warmup_steps",
    "student.wait_steps",
    "teacher.warmup_steps",
    "teacher.wait_steps",
    "method.consistency_ramp_steps",
)
_STAGES = ("stages.pretrain_steps", "stages.finetune_steps")


def budget_seconds(budget: str | float) -> float:
    """Returns a budget in seconds.

    Args:
        budget: Such as `20m`, `1h30m` or `90s`; a number is seconds.

    Raises:
        ValueError: If it is no such time, or none at all.

    >>> budget_seconds("1h30m"), budget_seconds("90s"), budget_seconds(90)
    (5400.0, 90.0, 90.0)
    """
    seconds = 0.0
    if isinstance(budget, str):
        match = _BUDGET.fullmatch(budget.strip())
        for given, unit in zip(
            match.groups() if match else (), _UNITS.values(), strict=False
        ):
            seconds += float(given or 0) * unit
    elif not isinstance(budget, bool):
        seconds = float(budget)
    if not 0 < seconds < math.inf:
        raise ValueError(
            "`budget` must be a time such as 20m, 1h30m or 90s. "
            f"Received: budget={budget!r}"
        )
    return seconds


def format_budget(seconds: float) -> str:
    """Returns a time as `budget_seconds` reads it, in whole seconds.

    >>> format_budget(90), format_budget(5400)
    ('1m30s', '1h30m')
    """
    rest, parts = math.ceil(seconds), []
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts)


def at_length(recipe: Recipe, train_steps: int) -> tuple[str, ...]:
    """Returns the overrides that give a recipe another length.

    Args:
        recipe: The recipe.
        train_steps: The steps of its training, rounded down to whole
            intervals between two evaluations, of which there are as many as
            now, or up to twice as many.

    >>> from keras_mpl import recipes
    >>> at_length(recipes.find("digits_20"), 222)  # doctest: +ELLIPSIS
    ('train_steps=220', 'eval_every_steps=20', 'student.warmup_steps=44', ...
    """
    factor = train_steps / recipe.train_steps
    every = _round_interval(recipe.eval_every_steps * factor)
    train_steps = max(train_steps // every, 1) * every
    factor = train_steps / recipe.train_steps
    found = {"train_steps": train_steps, "eval_every_steps": every}
    before = settings(recipe)
    for key in _STAGES:
        intervals = round(before[key] * factor / every)
        found[key] = max(intervals, min(before[key], 1)) * every
    for key in _FREE:
        if before.get(key):
            found[key] = int(before[key] * factor)
    return tuple(
        f"{key}={format_value(value)}"
        for key, value in found.items()
        if value != before[key]
    )


@contextlib.contextmanager
def what_fits_said(recipe: Recipe, overrides: Sequence[str]) -> Iterator[None]:
    """Adds to an error of another length the overrides that give it.

    Args:
        recipe: The recipe that is overridden.
        overrides: By which, with full keys.

    Raises:
        StepsError: With them, where the overridden recipe raises it.
    """
    try:
        yield
    except StepsError as error:
        items = [item.partition("=") for item in overrides]
        given = [text for key, _, text in items if key == "train_steps"]
        if not given:
            raise
        fits = at_length(recipe, int(given[-1]))
        words = " ".join(f"--set {item}" for item in fits)
        raise StepsError(f"{error}; this length has {words}") from error


def _round_interval(steps: float) -> int:
    """Rounds down to what is whole calls of ten steps, where there are."""
    unit = 50 if steps >= 100 else 10 if steps >= 10 else 1
    return max(1, int(steps // unit) * unit)


def own_lengths(family: Sequence[Recipe]) -> list[str]:
    """Returns the steps of baselines that overrides of the recipe miss.

    Args:
        family: The baselines of a run, then its recipe.
    """
    *baselines, recipe = family
    own = settings(recipe)
    found = []
    for baseline in baselines:
        for key, value in settings(baseline).items():
            is_length = key.endswith("_steps")
            if is_length and value and value != own.get(key):
                found.append(f"{key}={value} of {baseline.name}")
    return found
