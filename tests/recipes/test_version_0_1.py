"""Recipes, runs and `--set` of version 0.1.0 are still understood."""

import warnings

import pytest

from keras_mpl import recipes
from keras_mpl.recipes import RECIPES
from keras_mpl.recipes import Recipe
from keras_mpl.recipes import version_0_1
from keras_mpl.recipes.methods import METHODS

# As `to_dict` of version 0.1.0 wrote them, without what was at its default.
SGD = {"peak_lr": 0.05, "momentum": 0.9, "nesterov": True}
SGD |= {"warmup_steps": 100, "wait_steps": 0}
DIGITS = {
    "name": "digits_20",
    "summary": "Handwritten digits, 20 labels: Meta Pseudo Labels",
    "source": "Ours; no table of the paper has it.",
    "expected": "93.8 % on test, standard deviation 3.3, over 8 seeds",
    "method": "mpl",
    "baselines": ["digits_20_supervised", "digits_20_none"],
    "dataset": "digits",
    "num_labeled": 20,
    "num_validation": 200,
    "num_test": 500,
    "unlabeled": "all",
    "split_seed": 0,
    "weak": "digits_weak",
    "strong": "digits_strong",
    "model": "wrn_10_1",
    "dropout": 0.0,
    "batch_size": 20,
    "unlabeled_ratio": 7,
    "train_steps": 500,
    "eval_every_steps": 50,
    "student": SGD,
    "teacher": SGD,
    "feedback": "soft",
    "feedback_centering": True,
    "feedback_weight": 1.0,
    "consistency_weight": 8.0,
    "temperature": 0.7,
    "confidence_threshold": 0.6,
    "ema_decay": 0.995,
    "labeled_weight": 0.0,
    "teacher_labeled_weight": 1.0,
    "reduced": False,
    "rounds": 1,
    "data": {"dir": None, "image_size": 32},
}


def test_a_flat_recipe_is_the_nested_one_of_today():
    assert Recipe.from_dict(DIGITS) == RECIPES["digits_20"]


@pytest.mark.parametrize("key", version_0_1.DEFAULTS)
def test_what_a_flat_recipe_leaves_out_is_the_default_of_its_time(key):
    old = {name: value for name, value in DIGITS.items() if name != key}
    assert Recipe.from_dict(old) == RECIPES["digits_20"]


def test_the_labels_weights_keep_their_sides():
    old = {**DIGITS, "labeled_weight": 0.7, "teacher_labeled_weight": 0.2}
    method = Recipe.from_dict(old).method
    assert method.student_labeled_weight == 0.7
    assert method.teacher_labeled_weight == 0.2


def test_what_meant_nothing_to_the_method_is_left_out():
    old = {**DIGITS, "method": "uda", "teacher_model": "wrn_10_2"}
    found = Recipe.from_dict(old)
    assert found.teacher is None
    assert found.model.teacher_network is None
    # The values of the flat recipe, not the defaults of UDA.
    assert (found.method.temperature, found.method.consistency_weight) == (
        0.7,
        8.0,
    )
    assert found.method.threshold_on == "sharpened"


@pytest.mark.parametrize("key", version_0_1.RENAMED)
def test_an_old_key_is_a_key_of_today(key):
    known = set()
    for method in METHODS:
        recipe = recipes.override(RECIPES["digits_20"], [f"method={method}"])
        known |= recipes.settings(recipe).keys()
    assert version_0_1.RENAMED[key] in known
    old_is_free = key not in known
    assert old_is_free


def test_an_old_key_in_an_override_is_warned_of_once_by_name():
    with pytest.warns(FutureWarning, match=r"`--set method.temperature=`"):
        found = recipes.override(RECIPES["digits_20"], ["temperature=0.3"])
    assert found.method.temperature == 0.3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same = recipes.override(
            RECIPES["digits_20"], ["model=wrn_10_1", "data=digits"]
        )
    assert same == RECIPES["digits_20"]


def test_a_flat_recipe_with_an_unknown_key_is_an_error():
    with pytest.raises(ValueError, match=r"colour"):
        Recipe.from_dict({**DIGITS, "colour": 3})
    with pytest.raises(ValueError, match=r"`method` must be one of"):
        Recipe.from_dict({**DIGITS, "method": "mixmatch"})
