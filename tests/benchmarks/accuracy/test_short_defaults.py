"""What the table of short trainings calls today's defaults is that."""

import pytest

from benchmarks.accuracy import short_defaults
from keras_mpl import recipes
from keras_mpl.recipes import MPL
from keras_mpl.recipes.methods import PAPERS

SETS = pytest.mark.parametrize("name", short_defaults.SETS)


def recipe_of(name, row):
    found = recipes.find(short_defaults.SETS[name].recipe)
    return recipes.override(found, short_defaults.settings(name, row, 100))


@SETS
def test_now_is_the_default_and_before_is_the_papers(name):
    now, before = (recipe_of(name, row).method for row in ("now", "before"))
    for key in PAPERS:
        assert getattr(now, key) == getattr(MPL(), key)
        assert getattr(before, key) == PAPERS[key]


@SETS
def test_labels_alone_have_the_steps_and_the_rate_of_the_student(name):
    alone, now = (recipe_of(name, row) for row in ("supervised", "now"))
    assert alone.method.name == "supervised"
    assert (alone.train_steps, alone.batch_size) == (100, now.batch_size)
    assert alone.student == now.student == now.teacher
    assert (alone.views, alone.model) == (now.views, now.model)


def test_the_settings_of_folder_are_those_of_the_recipe():
    of_row = recipe_of("cifar10", "folder").method
    assert of_row == recipes.find("folder").method
