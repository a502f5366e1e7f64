"""The recipes of one run: a recipe, and the baselines that it is compared with.

A comparison is worth something where all learn from the same data for as long.
"""

import dataclasses
from collections.abc import Iterable

from keras_mpl.recipes import lengths
from keras_mpl.recipes.base import OF_A_TEACHER
from keras_mpl.recipes.base import Recipe
from keras_mpl.recipes.keys import current
from keras_mpl.recipes.keys import settings
from keras_mpl.recipes.methods import SHARED
from keras_mpl.recipes.overrides import changes
from keras_mpl.recipes.overrides import format_value
from keras_mpl.recipes.overrides import override
from keras_mpl.recipes.registry import RECIPES
from keras_mpl.recipes.registry import find
from keras_mpl.recipes.registry import known

# What a recipe and its baselines have in common, beside their data.
_EQUAL = ("batch_size", "train_steps", "model.precision")


def resolve(
    recipe: Recipe, overrides: Iterable[str] = ()
) -> tuple[Recipe, ...]:
    """Returns the recipes of a run: the baselines, then the recipe itself.

    An override counts for all of them that have the setting, except in the
    settings in which a baseline differs from its parent: those are what it is
    a baseline of. The method, and the settings of a method that took the place
    of the recipe's own, count for the recipe alone; those of a teacher, for
    methods with one. A baseline that the recipe has become is left out.

    In the same way counts what a recipe of a user's own has changed in the one
    that the baseline is registered with: of several, in the most similar one.

    Raises:
        ValueError: If an override does not fit, or a baseline is unknown, or
            has other data or another length than the recipe. An error of a
            baseline names it.

    >>> overrides = ["train_steps=200", "method.feedback=hard"]
    >>> run = resolve(RECIPES["digits_20"], overrides)
    >>> [(r.train_steps, getattr(r.method, "feedback", "")) for r in run]
    [(200, ''), (200, 'none'), (200, 'hard')]
    """
    overrides = [current(item) for item in overrides]
    with lengths.what_fits_said(recipe, overrides):
        changed = override(recipe, overrides)
    resolved = []
    for baseline in map(find, changed.baselines):
        parent = _parent(recipe, baseline)
        items = [*changes(recipe, parent), *overrides]
        shared = _shared(items, parent, changed, baseline)
        try:
            resolved.append(override(baseline, shared))
        except ValueError as error:
            raise ValueError(
                f"{error}, in the baseline {baseline.name}, which `baselines` "
                "can leave out"
            ) from error
        _check_equal(resolved[-1], changed)
    others = [one for one in resolved if not _same(one, changed)]
    names = tuple(one.name for one in others)
    return (*others, dataclasses.replace(changed, baselines=names))


def _parent(recipe: Recipe, baseline: Recipe) -> Recipe:
    """What a recipe is compared with to see what it has changed."""
    if (found := known(recipe)) is not None:
        return found
    own = settings(recipe)

    def likeness(other: Recipe) -> int:
        theirs = settings(other)
        return sum(theirs.get(key) == value for key, value in own.items())

    registered = [r for r in RECIPES.values() if baseline.name in r.baselines]
    return max(registered, key=likeness, default=recipe)


def _shared(
    items: Iterable[str], parent: Recipe, changed: Recipe, baseline: Recipe
) -> list[str]:
    """Those of the overrides that count for a baseline, too."""
    before = settings(parent)
    shared = {k for k, v in settings(baseline).items() if before.get(k) == v}
    shared -= {"baselines", "method"}
    if changed.method.name != parent.method.name:
        of_method = {k for k in settings(changed) if k.startswith("method.")}
        shared -= of_method - {f"method.{name}" for name in SHARED}
    if not baseline.method.has_teacher:
        shared -= OF_A_TEACHER.keys()
    return [item for item in items if item.partition("=")[0] in shared]


def _check_equal(baseline: Recipe, recipe: Recipe) -> None:
    """Checks that a baseline learns from the same data for as long."""
    theirs = settings(baseline)
    for key, value in settings(recipe).items():
        is_equal = key.startswith("data.") or key in _EQUAL
        if is_equal and theirs[key] != value:
            raise ValueError(
                "`baselines` must have the data and the length of the recipe. "
                f"Received: {key}={format_value(theirs[key])} of "
                f"{baseline.name}, {format_value(value)} of {recipe.name}"
            )


def _same(one: Recipe, other: Recipe) -> bool:
    """Whether two recipes are one training."""
    found = [{**settings(r), "baselines": ()} for r in (one, other)]
    return found[0] == found[1]
