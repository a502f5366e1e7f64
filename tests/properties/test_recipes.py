"""Recipes come back as they were, and no text is more than a refusal."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.robustness import fuzz_targets
from keras_mpl import recipes

NAMES = st.sampled_from(sorted(recipes.RECIPES))


@given(NAMES)
def test_a_recipe_is_read_back_equal(name):
    recipe = recipes.find(name)
    again = recipes.Recipe.from_json(recipe.to_json())
    assert again == recipe
    assert again.fingerprint() == recipe.fingerprint()


@given(NAMES, st.randoms(use_true_random=False))
def test_settings_as_they_are_shown_change_nothing(name, random):
    recipe = recipes.find(name)
    values = recipes.settings(recipe)
    keys = random.sample(sorted({*values} - {"baselines"}), 5)
    items = [f"{key}={recipes.format_value(values[key])}" for key in keys]
    assert recipes.override(recipe, items) == recipe


@given(st.binary(max_size=200))
@pytest.mark.parametrize("target", fuzz_targets.TARGETS)
def test_bytes_are_read_or_refused_in_a_line(tmp_path_factory, target, content):
    place = tmp_path_factory.getbasetemp() / "fuzz"
    said = fuzz_targets.call(target, content, place)
    assert said in ("accepted", "refused")


@pytest.mark.parametrize("name", ["digits_20", "digits_20_uda", "folder"])
def test_no_setting_breaks_the_line_of_its_refusal(name):
    values = recipes.settings(recipes.find(name)) | {"name": ""}
    refused = []
    for key, said in itertools.product(values, ("a\nb", "\x1b[31m\n, x\n")):
        try:
            recipes.override(recipes.find(name), [f"{key}={said}"])
        except ValueError as error:
            refused.append((key, str(error)))
    assert len(refused) > 10
    assert [key for key, line in refused if not line.isprintable()] == []
