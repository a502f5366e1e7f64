"""What `config.json` says of a run, and what is printed of it."""

from collections.abc import Sequence
from typing import Any

import keras_mpl
from keras_mpl import report
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building import assembly


def devices(config: dict[str, Any]) -> str:
    """Returns in words what a run computes on.

    Args:
        config: Contents of its `config.json`.
    """
    parts = [str(config["device"])]
    if config["onednn"] is not None and "CPU" in parts[0]:
        parts.append(f"oneDNN {'on' if config['onednn'] else 'off'}")
    if config["threads_per_operation"] == 1:
        parts.append("one thread per operation")
    if config["strategy"] != "none":
        parts.append(f"{config['replicas']} replicas ({config['strategy']})")
    if config["deterministic"]:
        parts.append("deterministic operations")
    return ", ".join(parts)


def config(
    family: Sequence[Recipe],
    loaded: assembly.Loaded,
    seed: int,
    overrides: Sequence[str],
) -> dict[str, Any]:
    """Returns what a run is of: settings, data, versions.

    Args:
        family: The resolved recipes, the run's own last.
        loaded: Its data.
        seed: Its seed.
        overrides: As they were given.
    """
    *baselines, recipe = family
    split = loaded.split
    return {
        "recipe": recipe.to_dict(),
        "baselines": [baseline.to_dict() for baseline in baselines],
        "fingerprint": recipe.fingerprint(),
        "seed": seed,
        "overrides": list(overrides),
        "split": {
            "name": split.name,
            "fingerprint": split.fingerprint,
            "num_labeled": len(split.labeled),
            "num_unlabeled": len(split.unlabeled),
            **{
                f"num_{name}": len(loaded.raw(name)[1])
                for name in ("validation", "test")
            },
        },
        "skipped_files": [list(entry) for entry in loaded.skipped],
        "precision": recipe.model.precision,
        **report.environment(keras_mpl.__version__),
    }
