"""Which training of a run did best, and whose student is exported.

Students are compared on the test examples, and chosen on validation alone.
"""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np

from keras_mpl import report
from keras_mpl.recipes import Recipe
from keras_mpl.recipes import methods
from keras_mpl.runner.execution import pictures

_LABELS_ALONE = methods.Supervised.name


def titles(family: Sequence[Recipe]) -> dict[str, str]:
    """Returns what each recipe of a run does, in words that tell them apart.

    Args:
        family: The recipes.

    Returns:
        By the name of the recipe, words for the middle of a sentence.
    """
    said = {one.name: _title(one) for one in family}
    often = Counter(said.values())
    return {
        name: f"{title} ({name})" if often[title] > 1 else title
        for name, title in said.items()
    }


def _title(recipe: Recipe) -> str:
    if recipe.method.name == _LABELS_ALONE:
        return "the labels alone"
    without = getattr(recipe.method, "feedback", None) == "none"
    return recipe.method.title + (" without feedback" if without else "")


def reference(family: Sequence[Recipe]) -> str | None:
    """Returns the recipe that the others are compared with.

    It is the one of the labels alone; where there is none, the first one.
    """
    if len(family) < 2:
        return None
    alone = [one for one in family if one.method.name == _LABELS_ALONE]
    return (*alone, *family)[0].name


def verdict(
    family: Sequence[Recipe],
    predictions: Mapping[str, Mapping[str, report.Predictions]],
    inputs: str,
) -> report.Verdict:
    """Compares the students of a run on its test examples.

    Args:
        family: The recipes of the run.
        predictions: By recipe and part, as the run folder keeps them.
        inputs: What an example is, as in `config.json`.
    """
    called, trainings = titles(family), []
    for one in family:
        labels, logits, _ = predictions[one.name]["test"]
        is_right = np.argmax(logits, axis=-1) == labels
        trainings.append(report.Training(one.name, called[one.name], is_right))
    noun = pictures.NOUNS.get(inputs, "examples")
    return report.compare_trainings(trainings, reference(family), noun)


def exported(
    family: Sequence[Recipe],
    predictions: Mapping[str, Mapping[str, report.Predictions]],
    inputs: str,
) -> report.Exported:
    """Chooses whose student becomes `student.keras`, and says why.

    Args:
        family: The recipes of the run; the last one says how to choose.
        predictions: As in `verdict`; those of the test are not read.
        inputs: As in `verdict`.

    Returns:
        Plain values for `result.json`.
    """
    own, called = family[-1], titles(family)
    if own.export == "own" or len(family) == 1:
        return {
            "recipe": own.name,
            "title": called[own.name],
            "chosen_by": "recipe",
            "reason": "student.keras is the averaged student of "
            f"{called[own.name]}, the recipe's own method.",
        }
    right = {
        one.name: _num_right(predictions[one.name]["validation"])
        for one in family
    }
    most, size = (
        max(right.values()),
        len(predictions[own.name]["validation"].labels),
    )
    best = [one for one in family if right[one.name] == most]
    order = [*methods.METHODS]
    chosen = min(best, key=lambda one: order.index(one.method.name))
    others = [called[one.name] for one in best if one is not chosen]
    tie = (
        f", as did {' and '.join(others)}; ties go to the simpler method"
        if others
        else ""
    )
    return {
        "recipe": chosen.name,
        "title": called[chosen.name],
        "chosen_by": "validation",
        "reason": "student.keras is the averaged student of "
        f"{called[chosen.name]}, which did best on validation ({most:,} of "
        f"{size:,} {pictures.NOUNS.get(inputs, 'examples')} right){tie}.",
    }


def _num_right(said: report.Predictions) -> int:
    return int(np.sum(np.argmax(said.logits, axis=-1) == said.labels))
