"""What a run starts from: a recipe, what was set, and what files choose."""

from collections.abc import Iterable
from typing import NamedTuple

from keras_mpl import recipes
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building import defaults
from keras_mpl.runner.building.defaults import Choice


class Settled(NamedTuple):
    """All settings of a run.

    Attributes:
        recipe: The registered recipe, or a user's own, before any override.
        overrides: What was chosen, then what was set, each `key=value`.
        chosen: What was chosen, with reasons.
    """

    recipe: Recipe
    overrides: tuple[str, ...]
    chosen: tuple[Choice, ...]


def settle(
    recipe: Recipe | str, overrides: Iterable[str], *, is_complete: bool = False
) -> Settled:
    """Finds out what a run starts from.

    Args:
        recipe: A recipe, or the name of one.
        overrides: What the user has set, each `key=value`.
        is_complete: Whether the recipe's own values count as set, too.

    Returns:
        The settings; `recipes.resolve` makes the run's recipes of them.

    Raises:
        ValueError: If a name or an override does not fit, or there are no
            such files.
    """
    overrides = tuple(recipes.current(item) for item in overrides)
    if isinstance(recipe, str):
        recipe = recipes.find(recipe)
    elif known := recipes.known(recipe):
        overrides = (*recipes.changes(recipe, known), *overrides)
        recipe = known
    if is_complete:
        overrides = (*overrides, *_kept(recipe, overrides))
    chosen = defaults.choose(recipe, overrides)
    items = (choice.item for choice in chosen)
    return Settled(recipe, (*items, *overrides), chosen)


def as_run(recipe: Recipe | str) -> Recipe:
    """Returns a recipe as a run of it would train it.

    Args:
        recipe: A recipe, or the name of one.

    Raises:
        ValueError: If there is no such recipe, or there are no such files.
    """
    settled = settle(recipe, ())
    return recipes.override(settled.recipe, settled.overrides)


def _kept(recipe: Recipe, overrides: tuple[str, ...]) -> tuple[str, ...]:
    """Overrides that say the recipe's values of what files would choose."""
    changed = recipes.override(recipe, overrides)
    if not defaults.is_chosen_for(recipe, changed):
        return ()
    given = {item.partition("=")[0] for item in overrides}
    return tuple(
        f"{key}={recipes.format_value(value)}"
        for key, value in recipes.settings(changed).items()
        if key in defaults.KEYS and key not in given
    )
