"""The recipes that a run folder names, which somebody else may have written."""

from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_mpl import names
from keras_mpl import report
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building.datasets import Loaded
from keras_mpl.runner.building.in_memory import changed_set

_MOST = 20  # classes that an error names


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
        return Recipe.from_record(values)
    except ValueError as error:
        raise ValueError(
            "`run` must have recipes in its config.json. "
            f"Received: {Path(folder) / 'config.json'} ({error})"
        ) from error


def check_data(
    folder: str | Path, config: Mapping[str, Any], loaded: Loaded
) -> None:
    """Checks that data are those that a run was made with.

    Args:
        folder: The run folder.
        config: The contents of its `config.json`.
        loaded: The data as they are now.

    Raises:
        ValueError: If they are divided in another way, have other classes, or
            are other files, or in another order.
    """
    before, fingerprint = config["split"], loaded.split.fingerprint
    if fingerprint != before["fingerprint"]:
        raise ValueError(
            "`run` must have been made with the split that its data have now, "
            f"{fingerprint}. Received: {folder}, made with "
            f"{before['fingerprint']}"
        )
    known = report.read_labels(folder)  # none if classes have only numbers
    if known and known != tuple(loaded.class_names):
        raise ValueError(
            "`run` must have the classes that it was made with, in their "
            f"order: {_listed(known)}. Received: {folder}, whose data have now "
            f"{_listed(loaded.class_names) or 'none with names'}"
        )
    for name in ("validation", "test"):
        count = loaded.size_of(name)
        recorded = before.get(f"num_{name}", count)
        if count != recorded:
            raise ValueError(
                f"`run` must have the {recorded} {name} examples that it was "
                f"made with. Received: {folder}, whose data have now {count}"
            )
    changed = changed_set(before.get("digests", {}), loaded.digests)
    if changed is not None:
        raise ValueError(
            f"`run` must have the files of `data.{changed}` that it was made "
            "with, in their order: by another one, examples of the parts "
            "would be exchanged. "
            f"Received: {folder}; a file was added, removed, renamed or "
            "changed since"
        )


def _listed(class_names: Sequence[str]) -> str:
    shown = ", ".join(map(names.printable, class_names[:_MOST]))
    return shown + (", ..." if len(class_names) > _MOST else "")


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
