"""The exported student is chosen on validation, and the choice explained."""

import numpy as np
import pytest

from keras_mpl import recipes
from keras_mpl import report
from keras_mpl.runner.execution import choice

FAMILY = recipes.resolve(recipes.find("folder"))
SIZE = 10


def _said(**right):
    """Predictions of two classes: so many right on (validation, test)."""
    return {
        f"folder{name}": {
            part: _part(hits)
            for part, hits in zip(("validation", "test"), hits, strict=True)
        }
        for name, hits in right.items()
    }


def _part(hits):
    labels = np.zeros(SIZE, np.int32)
    classes = (np.arange(SIZE) >= hits).astype(int)
    return report.Predictions(labels, np.eye(2, dtype=np.float32)[classes])


def _exported(family=FAMILY, **right):
    return choice.exported(family, _said(**right), "image")


@pytest.mark.parametrize(
    ("hits", "best"),
    [
        ((5, 6, 7), "folder"),
        ((5, 7, 6), "folder_uda"),
        ((5, 7, 7), "folder_uda"),
        ((7, 7, 7), "folder_supervised"),
    ],
)
def test_the_best_on_validation_wins_and_ties_go_to_the_simpler(hits, best):
    supervised, uda, mpl = hits
    # The test says the opposite, and must not count.
    found = _exported(
        _supervised=(supervised, SIZE - supervised),
        _uda=(uda, SIZE - uda),
        **{"": (mpl, SIZE - mpl)},
    )
    assert (found["recipe"], found["chosen_by"]) == (best, "validation")
    assert f"({max(hits)} of 10 images right)" in found["reason"]
    assert ("ties go to" in found["reason"]) == (hits.count(max(hits)) > 1)


def test_a_recipe_of_records_exports_its_own_student():
    family = recipes.resolve(recipes.find("folder"), ["export=own"])
    found = _exported(family, _supervised=(9, 9), _uda=(9, 9), **{"": (1, 1)})
    assert (found["recipe"], found["chosen_by"]) == ("folder", "recipe")
    changed = [n for n, r in recipes.RECIPES.items() if r.export != "own"]
    assert {*changed} == {"folder", "folder_supervised", "folder_uda"}


def test_methods_are_told_apart_in_words():
    family = recipes.resolve(recipes.find("digits_20_objectives"))
    said = choice.titles(family)
    assert len({*said.values()}) == len(family)
    assert said["digits_20_none"].startswith("Meta Pseudo Labels without")
    named = choice.titles(FAMILY)
    assert named["folder_supervised"] == "the labels alone"
    assert choice.reference(FAMILY) == "folder_supervised"
    assert choice.reference(FAMILY[-1:]) is None
    assert choice.reference(FAMILY[1:]) == "folder_uda"
