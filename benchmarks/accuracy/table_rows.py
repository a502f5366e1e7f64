"""The recipes of each table, and what is tried for each on validation."""

from collections.abc import Iterator
from collections.abc import Sequence

from keras_mpl import recipes
from keras_mpl.recipes import paper_tables
from keras_mpl.recipes.cifar10_short import CIFAR10_SHORT

TUNING_SEED = 100
SHORT = {
    "table2": tuple(r.name for r in CIFAR10_SHORT),
}
# By table of the paper, the recipes that stand for one of its figures.
FULL = {
    key: tuple(
        name
        for name, made in recipes.PAPER.items()
        if any(cell.table == key for cell in made.cells)
    )
    for key in paper_tables.TABLES
}


def _each(key: str, *values: float) -> list[tuple[str, ...]]:
    """Returns one candidate per value of a setting."""
    return [(f"{key}={value}",) for value in values]


def _weights(*values):
    """One candidate per weight of the feedback."""
    return _each("method.feedback_weight", *values)


_SHORT = "cifar10_4k_short"
CANDIDATES = {
    f"{_SHORT}_supervised": _each("student.peak_lr", 0.05, 0.1, 0.2),
    f"{_SHORT}_randaugment": _each("student.peak_lr", 0.05, 0.1, 0.2),
    f"{_SHORT}_pseudo_label": [
        ("method.pseudo_labels=hard",),
        ("method.pseudo_labels=hard", "method.confidence_threshold=0.8"),
        ("method.pseudo_labels=soft",),
    ],
    f"{_SHORT}_uda": _each("method.confidence_threshold", 0.0, 0.5, 0.8),
    f"{_SHORT}_fixmatch": _each("method.confidence_threshold", 0.5, 0.8, 0.95),
    f"{_SHORT}_none": _each("method.consistency_weight", 1.0, 3.0, 8.0),
    _SHORT: _weights(0.1, 0.3, 1.0),
    f"{_SHORT}_uncentered": _weights(0.1, 0.3, 1.0),
    f"{_SHORT}_exact": _weights(1.0, 5.0, 25.0),
    f"{_SHORT}_exact_centered": _weights(1.0, 5.0, 25.0),
    f"{_SHORT}_hard_batch": _weights(0.003, 0.01, 0.03),
    f"{_SHORT}_hard_batch_exact": _each(
        "method.feedback_weight", 0.03, 0.1, 0.3
    ),
    f"{_SHORT}_hard": _weights(0.3, 1.0, 5.0),
    f"{_SHORT}_hard_cosine": _weights(0.1, 0.3, 1.0),
    f"{_SHORT}_hard_expected": _weights(0.3, 1.0, 5.0),
    f"{_SHORT}_hard_expected_cosine": _each(
        "method.feedback_weight", 0.1, 0.3, 1.0
    ),
    f"{_SHORT}_finite_difference": _each(
        "method.feedback_weight", 0.03, 0.1, 0.3
    ),
    f"{_SHORT}_none_labels": _each("method.consistency_weight", 1.0, 3.0, 8.0),
    f"{_SHORT}_labels": _weights(0.1, 0.3, 1.0),
    f"{_SHORT}_exact_labels": _weights(1.0, 5.0, 25.0),
}


def plan(
    table: str, *, is_short: bool, is_tuning: bool, overrides: Sequence[str]
) -> Iterator[tuple[recipes.Recipe, tuple[str, ...]]]:
    """Yields what to run: a recipe without baselines, and its candidate.

    Args:
        table: Of the paper.
        is_short: Whether its rows are cut down.
        is_tuning: Whether the candidates are tried, at a third of the steps.
        overrides: Settings that are changed in all recipes.
    """
    overrides = ["baselines=", *overrides]
    for name in (SHORT if is_short else FULL)[table]:
        recipe = recipes.find(name)
        if not is_tuning:
            yield recipes.override(recipe, overrides), ()
            continue
        every = recipe.eval_every_steps
        budget = [
            f"{key}={third // every * every}"
            for key in ("train_steps", "stages.pretrain_steps")
            if (third := recipes.settings(recipe)[key] // 3)
        ]
        budget.append("stages.finetune_steps=0")
        for candidate in CANDIDATES[name]:
            settings = [*overrides, *budget, *candidate]
            yield recipes.override(recipe, settings), candidate
