"""One page about a run, and the short table printed at its end.

Made from `config.json` and `result.json` alone; the pictures are linked.
"""

import math
import shlex
from collections.abc import Sequence
from typing import Any

from keras_mpl.report.tables import aligned
from keras_mpl.report.tables import markdown
from keras_mpl.report.tables import percent

# Title and key of a column; the seldom ones where some row has them.
_FIGURES = (
    ("averaged student", "test_accuracy"),
    ("top-5", "test_top_5_accuracy"),
    ("ReaL", "test_real_accuracy"),
    ("student", "test_student_accuracy"),
    ("teacher", "test_teacher_accuracy"),
    ("validation", "val_accuracy"),
)
_SELDOM = ("test_top_5_accuracy", "test_real_accuracy")


def command(config: dict[str, Any]) -> str:
    """Returns the command that runs this again.

    >>> command({"recipe": {"name": "digits_20"}, "seed": 3,
    ...          "overrides": ["method.feedback=hard"]})
    'keras-mpl run digits_20 --seed 3 --set method.feedback=hard'
    """
    words = ["keras-mpl", "run", config["recipe"]["name"]]
    words += ["--seed", str(config["seed"])]
    for item in config["overrides"]:
        words += ["--set", item]
    strategy = config.get("strategy", "none")
    words += ["--strategy", strategy] if strategy != "none" else []
    return shlex.join(words)


def _table(
    named: Sequence[tuple[str, dict[str, Any]]],
) -> tuple[list[str], list[list[str]]]:
    """Header and rows, of names and what was measured."""
    columns = [
        (title, key)
        for title, key in _FIGURES
        if key not in _SELDOM or any(key in row for _, row in named)
    ]
    header = ["recipe", *(title for title, _ in columns), "seconds"]
    rows = [
        [
            name,
            *(percent(row.get(key)) for _, key in columns),
            f"{row['seconds']:.0f}",
        ]
        for name, row in named
    ]
    return header, rows


def _of_recipes(result: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    return _table([(_name(row), row) for row in result["rows"]])


def _name(row: dict[str, Any]) -> str:
    """What a row is called: its recipe, and the method if it was changed."""
    return row.get("title", row["recipe"])


def summary(result: dict[str, Any]) -> str:
    """Returns the table of accuracies for the terminal."""
    return aligned(*_of_recipes(result))


def page(config: dict[str, Any], result: dict[str, Any]) -> str:
    """Returns the run's one page, in Markdown.

    Args:
        config: Contents of `config.json`.
        result: Contents of `result.json`.
    """
    recipe = config["recipe"]
    parts = [
        f"# {_name(result['rows'][-1])}, seed {config['seed']}",
        recipe["summary"] + ".",
        _trained(config),
        "## Test accuracy",
        markdown(*_of_recipes(result)),
        *_stages(result),
        _caveat(config, result),
        "![Validation accuracy over the steps](curves.png)",
        *_picture(config),
        _use(_name(result["rows"][-1]), config["inputs"] == "image"),
        _again(config, result),
    ]
    return "\n\n".join(parts) + "\n"


def _picture(config: dict[str, Any]) -> list[str]:
    alternative = config["picture"]
    return [f"![{alternative}](samples.png)"] if alternative else []


def _trained(config: dict[str, Any]) -> str:
    recipe, counts = config["recipe"], _counts(config)
    method = f"method `{recipe['method']['name']}`"
    if "feedback" in recipe["method"]:
        method += f", feedback `{recipe['method']['feedback']}`"
    others = [baseline["name"] for baseline in config["baselines"]]
    beside = ""
    if others:
        beside = (
            f" Beside it, at the same number of steps: {', '.join(others)}."
        )
    return (
        f"Trained: `{recipe['model']['network']}` for "
        f"{recipe['train_steps']:,} steps of "
        f"{recipe['batch_size']} labelled and "
        f"{recipe['batch_size'] * recipe['unlabeled_ratio']} unlabelled "
        f"examples, {method}.{beside} Data: `{config['split']['name']}` "
        f"with {counts['num_labeled']:,} labelled, "
        f"{counts['num_unlabeled']:,} unlabelled, "
        f"{counts['num_validation']:,} validation and "
        f"{counts['num_test']:,} test "
        f"examples (fingerprint `{config['split']['fingerprint']}`)."
    )


def _counts(config: dict[str, Any]) -> dict[str, Any]:
    """How many examples there were; a recipe may say 0 for all of them."""
    return {**config["recipe"]["data"], **config["split"]}


def _stages(result: dict[str, Any]) -> list[str]:
    """A second table, of every stage of the recipes that have several."""
    named = [
        (f"{_name(row)}, {stage['stage']}", stage)
        for row in result["rows"]
        for stage in row.get("stages", ())
    ]
    if not named:
        return []
    return [
        "By stage; what `pretrain` trains, the teacher to be, stands under "
        "student:",
        markdown(*_table(named)),
    ]


def _caveat(config: dict[str, Any], result: dict[str, Any]) -> str:
    counts = _counts(config)
    accuracy = result["rows"][-1]["test_accuracy"]
    error = math.sqrt(accuracy * (1 - accuracy) / counts["num_test"])
    return (
        "Figures are of the last step; the test set was looked at once, after "
        "all training. One seed: from the choice of "
        f"{counts['num_test']:,} test examples alone comes a standard error of "
        f"{100 * error:.1f} points, from the choice of "
        f"{counts['num_labeled']:,} labels more. Expected"
        + (", without the overrides: " if config["overrides"] else ": ")
        + f"{config['recipe']['expected']}."
    )


def _use(name: str, is_image: bool) -> str:
    inputs = "`inputs` as they were trained on"
    predict = ""
    if is_image:
        inputs = "`inputs` in [0, 1], of shape (batch, height, width, channels)"
        predict = (
            "\n\nOr, from the folder that holds this one: "
            "`keras-mpl predict RUN IMAGE.png`"
        )
    return f"""## Use the student

`student.keras` is the averaged student of {name}. It is a plain
Keras model and needs no keras_mpl:

```python
import keras

student = keras.models.load_model("student.keras", compile=False)
# {inputs}
logits = student.predict(inputs)
classes = logits.argmax(axis=-1)
```{predict}"""


def _again(config: dict[str, Any], result: dict[str, Any]) -> str:
    versions = ", ".join(f"{k} {v}" for k, v in config["versions"].items())
    commit = config["commit"] or "none, an installed copy"
    if config["dirty"]:
        commit += " with changes"
    if config.get("own_recipe"):  # by no name that the command line knows
        again = """\
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
)
```"""
    else:
        again = f"    {command(config)}"
    return f"""## Run it again

{again}

It took {result["wall_clock_seconds"]:.0f} s on {config["device"]},
{config["precision"]}. Versions: {versions}; commit: {commit}."""
