"""What a run writes and says before it trains."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras_mpl
from keras_mpl import messages
from keras_mpl import names
from keras_mpl import report
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import summary
from keras_mpl.runner.building.in_memory import Data
from keras_mpl.runner.execution.budgets import Choice
from keras_mpl.trainers.checks import lengths as length_checks

_MOST_CLASSES = 40  # that are listed before training


def say(
    folder: Path,
    config: dict[str, Any],
    loaded: assembly.Loaded,
    fitting_in: Choice | None,
) -> None:
    """Says where the run computes, on which data, and what was chosen.

    Args:
        folder: The run folder.
        config: What is in its `config.json`.
        loaded: The data.
        fitting_in: What was chosen to fit into a budget, if anything was.
    """
    messages.say(f"{folder}: seed {config['seed']}, on {_devices(config)}")
    messages.say(summary.of_split(loaded))
    if isinstance(loaded, Data) and loaded.class_names:
        messages.say(summary.of_classes(loaded, at_most=_MOST_CLASSES))
    for line in config["chosen"]:
        messages.say(names.printable(f"chosen: {line}"))
    for line in fitting_in.words if fitting_in else ():
        messages.say(line)
    for recipe in (*config["baselines"], config["recipe"]):
        ramp_steps = recipe["method"].get("consistency_ramp_steps", 0)
        if length_checks.is_too_short(recipe["train_steps"], ramp_steps):
            messages.say(
                f"{recipe['name']}: its consistency loss never has its weight, "
                f"with method.consistency_ramp_steps={ramp_steps} and "
                f"train_steps={recipe['train_steps']}"
            )


def _devices(config: dict[str, Any]) -> str:
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
    """Returns what `config.json` says of the recipes and the data.

    Args:
        family: The baselines, then the recipe.
        loaded: The data.
        seed: Of the run.
        overrides: Of the recipe.
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
                f"num_{name}": loaded.size_of(name)
                for name in ("validation", "test")
            },
            "digests": dict(loaded.digests),
        },
        "skipped_files": [list(entry) for entry in loaded.skipped],
        "precision": recipe.model.precision,
        **report.environment(keras_mpl.__version__),
    }
