"""The recipes, by name, and how to change one.

>>> from keras_mpl.recipes import RECIPES
>>> RECIPES["digits_20"].num_labeled
20
"""

import difflib
from collections.abc import Iterable
from collections.abc import Mapping
from types import MappingProxyType

from keras_mpl.recipes.base import Data
from keras_mpl.recipes.base import Optimizer
from keras_mpl.recipes.base import Recipe
from keras_mpl.recipes.beyond_images import BEYOND_IMAGES
from keras_mpl.recipes.cifar10 import CIFAR10
from keras_mpl.recipes.cifar10_short import CIFAR10_SHORT
from keras_mpl.recipes.digits import digits_20
from keras_mpl.recipes.digits import digits_20_none
from keras_mpl.recipes.digits import digits_20_supervised
from keras_mpl.recipes.digits_methods import METHODS as DIGITS_METHODS
from keras_mpl.recipes.folder import FOLDER
from keras_mpl.recipes.imagenet import IMAGENET
from keras_mpl.recipes.imagenet_extra import IMAGENET_EXTRA
from keras_mpl.recipes.overrides import PROSE
from keras_mpl.recipes.overrides import changes
from keras_mpl.recipes.overrides import override
from keras_mpl.recipes.overrides import settings
from keras_mpl.recipes.overrides import spell
from keras_mpl.recipes.sourced import Sourced
from keras_mpl.recipes.svhn import SVHN
from keras_mpl.recipes.two_moons import TWO_MOONS

# Recipes of the paper's tables, with the origin of every setting.
PAPER: Mapping[str, Sourced] = MappingProxyType(
    {
        sourced.recipe.name: sourced
        for sourced in (*CIFAR10, *SVHN, *IMAGENET, *IMAGENET_EXTRA)
    }
)
RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            digits_20,
            digits_20_none,
            digits_20_supervised,
            *DIGITS_METHODS,
            *BEYOND_IMAGES,
            *CIFAR10_SHORT,
            *FOLDER,
            *TWO_MOONS,
            *(sourced.recipe for sourced in PAPER.values()),
        )
    }
)


def find(name: str) -> Recipe:
    """Returns a recipe by its name.

    Raises:
        ValueError: If there is no recipe of that name.
    """
    if name not in RECIPES:
        close = difflib.get_close_matches(name, RECIPES, n=3)
        names = ", ".join(dict.fromkeys([*close, *RECIPES]))
        raise ValueError(f"`recipe` must be one of: {names}. Received: {name}")
    return RECIPES[name]


def known(recipe: Recipe) -> Recipe | None:
    """Returns the recipe of that name, whatever its settings.

    Args:
        recipe: Any recipe.

    Returns:
        `None` if there is none, or one that says something else of itself.
    """
    found = RECIPES.get(recipe.name)
    if found is None:
        return None
    same = all(getattr(found, key) == getattr(recipe, key) for key in PROSE)
    return found if same else None


def resolve(
    recipe: Recipe, overrides: Iterable[str] = ()
) -> tuple[Recipe, ...]:
    """Returns the recipes of a run: the baselines, then the recipe itself.

    An override counts for all of them, except in the settings in which a
    baseline differs from its parent: those are what it is a baseline of.

    Raises:
        ValueError: If an override does not fit, or a baseline is unknown.

    >>> overrides = ["train_steps=200", "feedback=hard"]
    >>> run = resolve(RECIPES["digits_20"], overrides)
    >>> [(r.train_steps, r.feedback) for r in run]
    [(200, 'hard'), (200, 'none'), (200, 'hard')]
    """
    overrides = tuple(overrides)
    changed = override(recipe, overrides)
    parent = settings(recipe)
    resolved = []
    for baseline in map(find, changed.baselines):
        own = settings(baseline)
        shared = [
            item
            for item in overrides
            if own[key := item.partition("=")[0]] == parent[key]
            and key != "baselines"
        ]
        resolved.append(override(baseline, shared))
    return (*resolved, changed)
