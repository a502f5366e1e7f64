"""A recipe in another length keeps its proportions, and can be made."""

import pytest

from keras_mpl import recipes
from keras_mpl.recipes import lengths
from keras_mpl.recipes import work

SCALED = [
    name
    for name, recipe in recipes.RECIPES.items()
    if not lengths.own_lengths(recipes.resolve(recipe))
]


@pytest.mark.parametrize("name", SCALED)
@pytest.mark.parametrize("steps", [100, 333, 2750])
def test_every_recipe_can_be_made_in_another_length(name, steps):
    recipe = recipes.find(name)
    *baselines, short = recipes.resolve(
        recipe, lengths.at_length(recipe, steps)
    )
    assert 0.8 * steps < short.train_steps <= steps
    factor = short.train_steps / recipe.train_steps
    evaluations = short.train_steps / short.eval_every_steps
    before = recipe.train_steps / recipe.eval_every_steps
    assert evaluations <= 2 * max(before, 1)
    for member in baselines:
        assert member.train_steps == short.train_steps
    for one, other in (
        (short.student, recipe.student),
        (short.teacher, recipe.teacher),
    ):
        if one is not None and other.warmup_steps is not None:
            expected = pytest.approx(other.warmup_steps * factor, abs=1)
            assert one.warmup_steps == expected
    for (stage, count), (same, of_before) in zip(
        work.plan(short), work.plan(recipe), strict=True
    ):
        assert stage == same
        every = short.eval_every_steps
        assert count == pytest.approx(of_before * factor, abs=every)


def test_the_own_length_changes_nothing():
    for name in ("digits_20", "folder", "cifar10_4k"):
        recipe = recipes.find(name)
        assert lengths.at_length(recipe, recipe.train_steps) == ()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("20m", 1200), ("1h30m", 5400), ("90s", 90), ("1.5h", 5400), (7.5, 7.5)],
)
def test_budgets_are_read_as_people_write_them(text, seconds):
    assert lengths.budget_seconds(text) == seconds
    written = lengths.format_budget(seconds)
    assert seconds <= lengths.budget_seconds(written) < seconds + 1


@pytest.mark.parametrize(
    "text",
    ["", "20", "m", "0s", "-5m", "30m1h", "20 minutes", "inf", 0, -1, True],
)
def test_other_budgets_are_refused_by_one_line(text):
    with pytest.raises(ValueError, match="`budget` must be a time such as 20m"):
        lengths.budget_seconds(text)
    with pytest.raises(ValueError, match="`budget`"):
        lengths.budget_seconds(float("nan"))
