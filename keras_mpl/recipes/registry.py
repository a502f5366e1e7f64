"""All recipes by their names."""

import difflib
from collections.abc import Mapping
from pathlib import PurePath
from types import MappingProxyType

from keras_mpl.recipes import keys
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
from keras_mpl.recipes.keys import PROSE
from keras_mpl.recipes.overrides import prose_with_method
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
        raise ValueError(
            f"`recipe` must be one of: {keys.listed(close, [*RECIPES])}. "
            f"Received: {name}"
        )
    return RECIPES[name]


def known(recipe: Recipe) -> Recipe | None:
    """Returns the registered recipe of the same name and words.

    Args:
        recipe: Any recipe; its settings may differ.

    Returns:
        `None` if there is none, or one with another summary or source.
    """
    found = RECIPES.get(recipe.name)
    if found is None:
        return None
    words = {key: getattr(found, key) for key in PROSE}
    if found.method.name != recipe.method.name:
        words |= prose_with_method(found, recipe.method.name)
    same = all(getattr(recipe, key) == value for key, value in words.items())
    return found if same else None


def title(recipe: Recipe) -> str:
    """Returns the recipe's name, and its method where that was changed.

    Of networks that did not begin at random, it says what they began from.

    >>> from keras_mpl.recipes import override
    >>> title(override(RECIPES["digits_20"], ["method=uda"]))
    'digits_20 with method=uda'
    """
    found, name = known(recipe), recipe.name
    if found is not None and found.method.name != recipe.method.name:
        name += f" with method={recipe.method.name}"
    if recipe.model.weights is None:
        return name
    weights = PurePath(recipe.model.weights).name
    if recipe.model.backbone_rate == 0:
        return f"{name}, head on a frozen backbone ({weights})"
    return f"{name}, finetuned from {weights}"
