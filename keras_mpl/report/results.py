"""The tables of accuracies of a run, and whose student was exported.

`report.md` and `report.html` show the same ones.
"""

from collections.abc import Sequence
from typing import Literal
from typing import TypeAlias

from keras_mpl.report.formats import Accuracies
from keras_mpl.report.formats import Config
from keras_mpl.report.formats import RecipeValues
from keras_mpl.report.formats import Result
from keras_mpl.report.formats import Row
from keras_mpl.report.tables import percent

_Measure: TypeAlias = Literal[
    "test_accuracy",
    "test_balanced_accuracy",
    "test_top_5_accuracy",
    "test_real_accuracy",
    "test_student_accuracy",
    "test_teacher_accuracy",
    "val_accuracy",
]
# Title and key of each column.
_COLUMNS: tuple[tuple[str, _Measure], ...] = (
    ("averaged student", "test_accuracy"),
    ("balanced", "test_balanced_accuracy"),
    ("top-5", "test_top_5_accuracy"),
    ("ReaL", "test_real_accuracy"),
    ("student", "test_student_accuracy"),
    ("teacher", "test_teacher_accuracy"),
    ("validation", "val_accuracy"),
)
# These columns are left out if no row has a value for them.
_OPTIONAL = (
    "test_balanced_accuracy",
    "test_top_5_accuracy",
    "test_real_accuracy",
)


def exported_row(result: Result) -> Row:
    """Returns the row of the recipe whose student was exported.

    Args:
        result: Contents of `result.json`; runs of before have exported that
            of the last row.

    Raises:
        ValueError: If there is no such row.
    """
    last = result["rows"][-1]
    if "exported" not in result:
        return last
    name = result["exported"]["recipe"]
    for row in result["rows"]:
        if row["recipe"] == name:
            return row
    raise ValueError(
        "`run` must have a result.json with a row of the student that was "
        f"exported. Received: none of {name}"
    )


def ended_early(config: Config, result: Result) -> list[str]:
    """Returns a sentence for each training that a callback has ended early.

    Args:
        config: Contents of `config.json`.
        result: Contents of `result.json`.
    """
    family = [*config["baselines"], config["recipe"]]
    recipes = {recipe["name"]: recipe for recipe in family}
    said = []
    for row in result["rows"]:
        recipe, done = recipes.get(row["recipe"]), row["train_steps_done"]
        if recipe and done < (planned := _planned_steps(recipe, row)):
            said.append(
                f"A callback ended the training of {row_name(row)} after "
                f"{done:,} of {planned:,} steps."
            )
    return said


def _planned_steps(recipe: RecipeValues, row: Row) -> int:
    """Returns the steps of the stages that a row has, by its recipe."""
    others = recipe.get("stages", {})  # has pretrain_steps and finetune_steps
    names = [stage["stage"] for stage in row.get("stages", ())] or ["train"]
    return sum(
        recipe["train_steps"]
        if name.startswith("train")  # and those of more rounds
        else others.get(f"{name}_steps", 0)
        for name in names
    )


def _table(
    named: Sequence[tuple[str, Accuracies]],
) -> tuple[list[str], list[list[str]]]:
    """Returns the header and the rows of a table of accuracies."""
    columns = [
        (title, key)
        for title, key in _COLUMNS
        if key not in _OPTIONAL or any(key in row for _, row in named)
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


def recipe_table(result: Result) -> tuple[list[str], list[list[str]]]:
    """Returns the header and the rows of the accuracies of every recipe."""
    return _table([(row_name(row), row) for row in result["rows"]])


def row_name(row: Row) -> str:
    """Returns the name of a row: its recipe, and the method if it changed."""
    return row.get("title", row["recipe"])


def stage_table(result: Result) -> tuple[list[str], list[list[str]]] | None:
    """Returns the header and the rows of a table of the stages.

    Args:
        result: Contents of `result.json`.

    Returns:
        `None` if no recipe has several stages.
    """
    named = [
        (f"{row_name(row)}, {stage['stage']}", stage)
        for row in result["rows"]
        for stage in row.get("stages", ())
    ]
    return _table(named) if named else None
