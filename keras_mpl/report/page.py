"""The report of a run (`report.md`), and the table that a run prints.

Both are made from `config.json` and `result.json`; the figures are linked.
"""

import math
from collections.abc import Mapping
from typing import cast

from keras_mpl.report import reproduction
from keras_mpl.report import snippets
from keras_mpl.report import tables
from keras_mpl.report import verdict
from keras_mpl.report.escapes import code
from keras_mpl.report.escapes import markdown
from keras_mpl.report.formats import Config
from keras_mpl.report.formats import RecipeValues
from keras_mpl.report.formats import Result
from keras_mpl.report.results import ended_early
from keras_mpl.report.results import exported_row
from keras_mpl.report.results import recipe_table
from keras_mpl.report.results import row_name
from keras_mpl.report.results import stage_table
from keras_mpl.report.tables import aligned

_TOO_LONG = 0.02  # share of the time that waiting for data may take


def summary(result: Mapping[str, object]) -> str:
    """Returns the table of accuracies for the terminal, and the waiting.

    Args:
        result: Contents of `result.json`, see `formats.Result`.
    """
    values = cast(Result, result)
    return "\n\n".join([aligned(*recipe_table(values)), *_waiting(values)])


def _waiting(result: Result) -> list[str]:
    """Says how long the steps waited for data, if it was measured."""
    rows = [row for row in result["rows"] if "data_wait_fraction" in row]
    if not rows:
        return []
    total = sum(row["seconds"] for row in rows)
    waited = sum(row["data_wait_fraction"] * row["seconds"] for row in rows)
    share = waited / total if total else 0.0
    text = f"Steps waited for data {100 * share:.1f} % of their time at most"
    worst = max(rows, key=lambda row: row["data_wait_fraction"])
    most = worst["data_wait_fraction"]
    if len(rows) > 1 and most > _TOO_LONG:
        text += f", those of {markdown(worst['recipe'])} {100 * most:.1f} %"
    text += "."
    if share > _TOO_LONG:
        text += " `keras-mpl profile` says what to do about it."
    return [text]


def page(config: Mapping[str, object], result: Mapping[str, object]) -> str:
    """Returns the report of a run, in Markdown.

    Args:
        config: Contents of `config.json`, see `formats.Config`.
        result: Contents of `result.json`, see `formats.Result`.
    """
    return _page(cast(Config, config), cast(Result, result))


def _page(config: Config, result: Result) -> str:
    recipe = config["recipe"]
    parts = [
        f"# {markdown(row_name(result['rows'][-1]))}, seed {config['seed']}",
        markdown(recipe["summary"]) + ".",
        training(config),
        "## Test accuracy",
        tables.markdown(*recipe_table(result)),
        *_of_balanced(result),
        *_stages(result),
        *_waiting(result),
        *map(markdown, ended_early(config, result)),
        _caveat(config, result),
        *verdict.section(result),
        "![Validation accuracy over the steps](curves.png)",
        *_picture(config),
        "The file `report.html` says where the student fails: which classes it "
        "confuses, how sure it is, its worst mistakes, labels that may be "
        "wrong, and how the pseudo labels moved.",
        _usage(row_name(exported_row(result)), config),
        reproduction.section(config, result),
    ]
    return "\n\n".join(parts) + "\n"


def _picture(config: Config) -> list[str]:
    alternative = config["picture"]
    return [f"![{markdown(alternative)}](samples.png)"] if alternative else []


def training(config: Config) -> str:
    """Returns what was trained, by which method and on which data."""
    recipe, counts = config["recipe"], counts_of(config)
    method = f"method {code(recipe['method']['name'])}"
    if "feedback" in recipe["method"]:
        method += f" with feedback {code(recipe['method']['feedback'])}"
    others = [markdown(baseline["name"]) for baseline in config["baselines"]]
    comparison = ""
    if others:
        comparison = (
            f" For comparison, it also trained {', '.join(others)} for as many "
            "steps."
        )
    return (
        f"The run trained {code(recipe['model']['network'])} for "
        f"{recipe['train_steps']:,} steps of {examples_of_a_step(recipe)}, "
        f"by the {method}.{comparison} The data are "
        f"{code(config['split']['name'])}, with "
        f"{counts['num_labeled']:,} labelled, "
        f"{counts['num_unlabeled']:,} unlabelled, "
        f"{counts['num_validation']:,} validation and "
        f"{counts['num_test']:,} test "
        f"examples (fingerprint {code(config['split']['fingerprint'])})."
    )


def examples_of_a_step(recipe: RecipeValues) -> str:
    """Returns how many examples of which kind the method sees in a step."""
    labeled = f"{recipe['batch_size']} labelled"
    if recipe["method"]["name"] == "supervised":
        return f"{labeled} examples"
    unlabeled = recipe["batch_size"] * recipe["unlabeled_ratio"]
    return f"{labeled} and {unlabeled} unlabelled examples"


def counts_of(config: Config) -> RecipeValues:
    """Returns the numbers of examples; 0 in a recipe means all examples."""
    known = {**config["recipe"]["data"], **config["split"]}
    return {"num_unlabeled": 0, **known}


def _of_balanced(result: Result) -> list[str]:
    """Returns what the column `balanced` is, if it is there."""
    if not any("test_balanced_accuracy" in row for row in result["rows"]):
        return []
    return [
        "The column `balanced` is the balanced accuracy of the averaged "
        "student: the mean over the classes of the share of their images that "
        "it names right. Rare classes count as much as others in it."
    ]


def _stages(result: Result) -> list[str]:
    """Returns the table of the stages, if a recipe has several."""
    table = stage_table(result)
    if table is None:
        return []
    intro = "The same table by stage."
    if any(cells[0].endswith(", pretrain") for cells in table[1]):
        intro += (
            " The stage `pretrain` trains the later teacher, whose accuracy is "
            "in the column of the student."
        )
    return [intro, tables.markdown(*table)]


def _caveat(config: Config, result: Result) -> str:
    counts = counts_of(config)
    accuracy = result["rows"][-1]["test_accuracy"]
    error = math.sqrt(accuracy * (1 - accuracy) / counts["num_test"])
    return (
        "These are the accuracies after the last step. The test set was "
        "evaluated once, after all training. The run has one seed: the choice "
        f"of {counts['num_test']:,} test examples alone gives a standard error "
        f"of {100 * error:.1f} points, and the choice of "
        f"{counts['num_labeled']:,} labels adds to it. Expected"
        + (", without the overrides: " if config["overrides"] else ": ")
        + f"{markdown(config['recipe']['expected'])}."
    )


def _usage(name: str, config: Config) -> str:
    if config.get("student_takes") == "pixels":
        return _usage_of_pixels(name, config)
    inputs = "# `inputs` must look like those of the training."
    predict = ""
    if config["inputs"] == "image":
        inputs = _inputs_of_pixels(config)
        predict = (
            "\n\nThe command `keras-mpl predict RUN IMAGE.png` does the same "
            "for image files, with the probability of the class, calibrated if "
            "there is a `calibration.json`; `RUN` is this folder."
        )
    return f"""## Use the student

`student.keras` is the averaged student of {markdown(name)}. It is a plain
Keras model and needs no keras_mpl:

```python
import keras

student = keras.models.load_model("student.keras", compile=False)
{inputs}
logits = student.predict(inputs)
classes = logits.argmax(axis=-1)
```{predict}"""


def _usage_of_pixels(name: str, config: Config) -> str:
    scale = config.get("normalization") or {"mean": [0.0] * 3, "std": []}
    snippet = snippets.of_pixels(
        "student.keras",
        "keras",
        channels=len(scale["mean"]),
        is_named=bool(config.get("class_names")),
        draft_size=config.get("draft_size"),
    )
    return f"""## Use the student

`student.keras` is the averaged student of {markdown(name)}. It is a plain
Keras model and needs no keras_mpl. It takes images of any size, whose pixels
are from 0 to 255; all images of a batch have one size:

{snippet}

The command `keras-mpl predict RUN IMAGE.png` does the same for image files;
`RUN` is this folder. `keras-mpl export RUN` writes the student in other
formats, with a model card."""


def _inputs_of_pixels(config: Config) -> str:
    """Returns the lines that turn pixels into what the student was shown."""
    scale = config.get("normalization")
    if scale is None:  # of a run before it was recorded
        return "# `inputs`: scaled as those of the training were."
    lines = ["# `pixels`: 0 to 255, shape (batch, height, width, channels)."]
    if set(scale["mean"]) == {0.0} and set(scale["std"]) == {1.0}:
        return "\n".join([*lines, "inputs = pixels / 255"])
    mean, std = (
        "[" + ", ".join(f"{value:.6g}" for value in scale[key]) + "]"
        for key in ("mean", "std")
    )
    return "\n".join([*lines, f"inputs = (pixels / 255 - {mean}) / {std}"])
