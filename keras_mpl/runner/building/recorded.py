"""The recipes that a run folder names, which somebody else may have written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_mpl import report
from keras_mpl.recipes import Recipe


def origin(folder: str | Path) -> tuple[Recipe, dict[str, Any]]:
    """Reads what a run's data and student follow from.

    Args:
        folder: A run folder.

    Returns:
        The recipe, and the contents of `config.json`.

    Raises:
        ValueError: If it is no run folder, or its record can not be used.
    """
    config = report.read_json(folder, "config.json", report.Origin)
    check_seed(config["seed"])
    return recipe(folder, config["recipe"]), config


def family(folder: Path, config: Mapping[str, Any]) -> list[Recipe]:
    """Returns the baselines of a run, then its recipe.

    Args:
        folder: The run folder, for errors.
        config: The contents of its `config.json`.

    Raises:
        ValueError: If they can not be used, or are others than it names.
    """
    check_seed(config["seed"])
    own = recipe(folder, config["recipe"])
    baselines = [recipe(folder, values) for values in config["baselines"]]
    found = tuple(baseline.name for baseline in baselines)
    if found != own.baselines:
        raise ValueError(
            "`run` must have in its config.json the baselines of its recipe, "
            f"{', '.join(own.baselines) or 'none'}. "
            f"Received: {', '.join(found) or 'none'} in {folder}"
        )
    return [*baselines, own]


def recipe(folder: str | Path, values: Mapping[str, object]) -> Recipe:
    """Returns a recipe of a run folder; an error names its `config.json`."""
    try:
        return Recipe.from_dict(values)
    except ValueError as error:
        raise ValueError(
            "`run` must have recipes in its config.json. "
            f"Received: {Path(folder) / 'config.json'} ({error})"
        ) from error


def check_seed(seed: object) -> None:
    """Checks a seed.

    Raises:
        ValueError: If it is no whole number from 0 to 2**32 - 1.
    """
    is_int = isinstance(seed, int) and not isinstance(seed, bool)
    if not is_int or not 0 <= seed < 2**32:  # type: ignore[operator]
        raise ValueError(
            f"`seed` must be from 0 to 2**32 - 1. Received: seed={seed!r}"
        )
