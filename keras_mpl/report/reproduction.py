"""How a run is repeated: its command, or Python for a recipe of one's own.

Both are made from `config.json`. A callback that was given in Python has no
words there, so it is named beside them.
"""

from collections.abc import Mapping
from typing import cast

from keras_mpl.report import escapes
from keras_mpl.report.escapes import markdown
from keras_mpl.report.formats import Config
from keras_mpl.report.formats import Result


def command(config: Mapping[str, object]) -> str:
    """Returns the command that repeats a run.

    Args:
        config: Contents of `config.json`, see `formats.Config`.

    Returns:
        One line for a shell.

    >>> command({"recipe": {"name": "digits_20"}, "seed": 3,
    ...          "overrides": ["method.feedback=hard"]})
    'keras-mpl run digits_20 --seed 3 --set method.feedback=hard'
    """
    values = cast(Config, config)
    words = ["keras-mpl", "run", values["recipe"]["name"]]
    words += ["--seed", str(values["seed"])]
    for item in values["overrides"]:
        words += ["--set", item]
    for text in _callbacks(values)[0]:
        words += ["--callback", text]
    strategy = values.get("strategy", "none")
    words += ["--strategy", strategy] if strategy != "none" else []
    words += ["--deterministic"] if values.get("deterministic") else []
    return escapes.shell(words)


def lacking(config: Config, what: str = "command") -> list[str]:
    """Returns a sentence on the callbacks that were given in Python, if any.

    Args:
        config: Contents of `config.json`.
        what: What lacks them: the command, or the Python code.

    >>> lacking({"callbacks": ["keras.callbacks:History", "Mine"]})
    ['The command lacks the callbacks that were given in Python: Mine.']
    """
    names = _callbacks(config)[1]
    if not names:
        return []
    return [
        f"The {what} lacks the callbacks that were given in Python: "
        f"{', '.join(names)}."
    ]


def section(config: Config, result: Result) -> str:
    """Returns the section of `report.md`, in Markdown."""
    versions = markdown(
        ", ".join(f"{k} {v}" for k, v in config["versions"].items())
    )
    commit = markdown(
        config["commit"] or "none, since this is an installed copy"
    )
    if config["dirty"]:
        commit += " with changes"
    if config.get("own_recipe"):  # the command line knows no name for it
        again = [_in_python(config), *map(markdown, lacking(config, "code"))]
    else:
        again = [f"    {command(config)}", *map(markdown, lacking(config))]
    device = markdown(config["device"])
    said = "\n\n".join(["## Run it again", *again])
    return f"""{said}

The run took {result["wall_clock_seconds"]:.0f} s on {device}, in
{markdown(config["precision"])}. Versions: {versions}; commit: {commit}."""


def _in_python(config: Config) -> str:
    texts = _callbacks(config)[0]
    callbacks = f"\n    callbacks={texts!r}," if texts else ""
    return f"""\
```python
import json

import keras_mpl

with open("config.json") as file:
    config = json.load(file)
keras_mpl.run(
    keras_mpl.recipes.Recipe.from_dict(config["own_recipe"]),
    seed=config["seed"],
    overrides=config["overrides"],
    strategy=config["strategy"],
    deterministic=config.get("deterministic", False),{callbacks}
)
```"""


def _callbacks(config: Config) -> tuple[list[str], list[str]]:
    """Returns those that have words, module:Name, and the others' names."""
    recorded = config.get("callbacks", [])
    texts = [one for one in recorded if ":" in one]
    return texts, [one for one in recorded if one not in texts]
