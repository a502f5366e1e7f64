"""A method's settings have the names and defaults of its class, no others."""

import inspect

import pytest

from keras_mpl import feedback
from keras_mpl import recipes
from keras_mpl.recipes import methods as settings
from keras_mpl.runner.building import methods

OF_NETWORKS = {"teacher", "student", "seed", "name", "inputs", "outputs"}
DEPRECATED = {"labeled_weight"}  # of the teacher or of the student
NAMED = (inspect.Parameter.KEYWORD_ONLY,)
ALL = pytest.mark.parametrize("name", settings.METHODS)


def signature(kind):
    """Arguments with defaults of a class and of those that it extends."""
    found = {}
    for one in reversed(kind.__mro__):
        if one.__module__.startswith("keras_mpl.trainers"):
            parameters = inspect.signature(one).parameters.items()
            found |= {k: p.default for k, p in parameters if p.kind in NAMED}
    return {k: v for k, v in found.items() if k not in OF_NETWORKS | DEPRECATED}


@ALL
def test_names_and_defaults_are_those_of_the_class(name):
    expected = signature(methods.METHODS[name])
    if name == "noisy_student":  # its loss has the labels already
        expected = {k: v for k, v in expected.items() if "labeled" not in k}
    found = methods.arguments(settings.METHODS[name](), train_steps=7)
    assert found.keys() == expected.keys()
    if name == "uda":
        assert found.pop("annealing_steps") == 7
        del expected["annealing_steps"]
    if name == "mpl":  # `None` is the floor that a feedback has by itself
        assert expected.pop("cosine_floor") is None
        own = feedback.get("soft", scale="cosine").cosine_floor
        assert found.pop("cosine_floor") == own
    assert found == expected


@ALL
def test_methods_by_name_are_the_same_in_recipes_and_here(name):
    kind = methods.METHODS[name]
    assert settings.METHODS[name].name == name
    has_teacher = "teacher" in inspect.signature(kind).parameters
    assert settings.METHODS[name].has_teacher == has_teacher


def test_a_reduced_teachers_teacher_has_the_settings_of_the_method():
    recipe = recipes.override(
        recipes.find("digits_20_reduced"),
        ["method.temperature=0.3", "method.ema_decay=0.9"],
    )
    found = methods.pretraining(recipe)
    assert found.name == "uda"
    assert (found.temperature, found.ema_decay) == (0.3, 0.9)
    assert (found.consistency_weight, found.threshold_on) == (8.0, "sharpened")


def test_a_fixed_teacher_is_trained_by_udas_own_settings():
    recipe = recipes.override(
        recipes.find("digits_20_pseudo_label"),
        ["stages.pretrain_method=uda", "method.weight_decay=0.1"],
    )
    found = methods.pretraining(recipe)
    own = settings.UDA(weight_decay=0.1)
    assert found == own
