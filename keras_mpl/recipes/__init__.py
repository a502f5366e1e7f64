"""All recipes by their names, and the functions that change one.

>>> from keras_mpl.recipes import RECIPES
>>> RECIPES["digits_20"].data.num_labeled
20
"""

import difflib
from collections.abc import Iterable
from collections.abc import Mapping
from pathlib import PurePath
from types import MappingProxyType

from keras_mpl.recipes import keys
from keras_mpl.recipes import lengths
from keras_mpl.recipes.base import OF_A_TEACHER
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
from keras_mpl.recipes.keys import current
from keras_mpl.recipes.keys import settings
from keras_mpl.recipes.keys import shown
from keras_mpl.recipes.methods import MPL
from keras_mpl.recipes.methods import SHARED
from keras_mpl.recipes.methods import UDA
from keras_mpl.recipes.methods import FixMatch
from keras_mpl.recipes.methods import MeanTeacher
from keras_mpl.recipes.methods import NoisyStudent
from keras_mpl.recipes.methods import PseudoLabel
from keras_mpl.recipes.methods import Supervised
from keras_mpl.recipes.overrides import changes
from keras_mpl.recipes.overrides import format_value
from keras_mpl.recipes.overrides import override
from keras_mpl.recipes.overrides import prose_with_method
from keras_mpl.recipes.parts import Data
from keras_mpl.recipes.parts import Model
from keras_mpl.recipes.parts import Optimizer
from keras_mpl.recipes.parts import Stages
from keras_mpl.recipes.parts import Views
from keras_mpl.recipes.sourced import Sourced
from keras_mpl.recipes.svhn import SVHN
from keras_mpl.recipes.two_moons import TWO_MOONS

__all__ = [
    "MPL",
    "PAPER",
    "RECIPES",
    "UDA",
    "Data",
    "FixMatch",
    "MeanTeacher",
    "Model",
    "NoisyStudent",
    "Optimizer",
    "PseudoLabel",
    "Recipe",
    "Sourced",
    "Stages",
    "Supervised",
    "Views",
    "changes",
    "current",
    "find",
    "format_value",
    "known",
    "override",
    "resolve",
    "settings",
    "shown",
    "title",
]

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


def resolve(
    recipe: Recipe, overrides: Iterable[str] = ()
) -> tuple[Recipe, ...]:
    """Returns the recipes of a run: the baselines, then the recipe itself.

    An override counts for all of them that have the setting, except in the
    settings in which a baseline differs from its parent: those are what it is
    a baseline of. The method, and the settings of a method that took the place
    of the recipe's own, count for the recipe alone; those of a teacher, for
    methods with one. A baseline that the recipe has become is left out.

    Raises:
        ValueError: If an override does not fit, or a baseline is unknown. An
            error of a baseline names it.

    >>> overrides = ["train_steps=200", "method.feedback=hard"]
    >>> run = resolve(RECIPES["digits_20"], overrides)
    >>> [(r.train_steps, getattr(r.method, "feedback", "")) for r in run]
    [(200, ''), (200, 'none'), (200, 'hard')]
    """
    overrides = [current(item) for item in overrides]
    with lengths.what_fits_said(recipe, overrides):
        changed = override(recipe, overrides)
    own_alone = {"baselines", "method"}
    if changed.method.name != recipe.method.name:
        of_method = {k for k in settings(changed) if k.startswith("method.")}
        own_alone |= of_method - {f"method.{name}" for name in SHARED}
    parent = settings(recipe)
    resolved = []
    for baseline in map(find, changed.baselines):
        same = {k for k, v in settings(baseline).items() if parent.get(k) == v}
        if not baseline.method.has_teacher:
            same -= OF_A_TEACHER.keys()
        shared = [
            item
            for item in overrides
            if item.partition("=")[0] in same - own_alone
        ]
        try:
            resolved.append(override(baseline, shared))
        except ValueError as error:
            raise ValueError(
                f"{error}, in the baseline {baseline.name}, which `baselines` "
                "can leave out"
            ) from error
    return (*(one for one in resolved if not _same(one, changed)), changed)


def _same(one: Recipe, other: Recipe) -> bool:
    """Whether two recipes are one training."""
    found = [{**settings(r), "baselines": ()} for r in (one, other)]
    return found[0] == found[1]
