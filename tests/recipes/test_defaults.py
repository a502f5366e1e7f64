"""The defaults of Meta Pseudo Labels, and the recipes that do not have them."""

import inspect
import json
import pathlib

import pytest

from keras_mpl import MetaPseudoLabels
from keras_mpl.recipes import MPL
from keras_mpl.recipes import PAPER
from keras_mpl.recipes import RECIPES
from keras_mpl.recipes import UDA
from keras_mpl.recipes.methods import PAPERS

BEFORE = pathlib.Path(__file__).with_name("fingerprints.json")
OF_CONSISTENCY = (
    "consistency_weight",
    "consistency_ramp_steps",
    "temperature",
    "confidence_threshold",
    "threshold_on",
)


@pytest.mark.parametrize("name", json.loads(BEFORE.read_text()))
def test_a_recipe_trains_as_it_did_before_the_defaults_changed(name):
    """All but those of `folder`, whose defaults are today's."""
    assert RECIPES[name].fingerprint() == json.loads(BEFORE.read_text())[name]


def test_feedback_is_compared_with_udas_own_consistency():
    for with_feedback, without in (
        (MPL(), UDA()),
        (RECIPES["folder"].method, RECIPES["folder_uda"].method),
    ):
        for key in OF_CONSISTENCY:
            assert getattr(with_feedback, key) == getattr(without, key)


def test_a_student_learns_the_labels_unless_the_papers_is_asked_for():
    assert MPL().student_labeled_weight == 1.0
    assert RECIPES["folder"].method.student_labeled_weight == 1.0
    for made in PAPER.values():
        if made.recipe.method.name == "mpl":
            assert made.recipe.method.student_labeled_weight == 0.0
            key = "method.student_labeled_weight"
            assert made.origins[key].startswith("paper")


def test_the_papers_settings_are_arguments_with_another_default():
    """So `MetaPseudoLabels(teacher, student, **PAPERS)` is the paper's."""
    defaults = inspect.signature(MetaPseudoLabels).parameters
    for name, value in PAPERS.items():
        assert defaults[name].default not in (value, inspect.Parameter.empty)
    released = RECIPES["cifar10_4k_mpl_released"].method
    for name, value in PAPERS.items():
        assert getattr(released, name) == value
