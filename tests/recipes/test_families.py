"""A recipe of one's own is compared with baselines on its own data."""

import pytest

from keras_mpl import recipes
from keras_mpl.recipes import RECIPES

OWN = RECIPES["digits_20"].replace(
    name="digits_30",
    summary="Mine",
    source="mine",
    expected="not known yet",
    batch_size=30,
    data={"num_labeled": 30},
    model={"network": "wrn_10_2"},
    student={"peak_lr": 0.02},
    method={"feedback_weight": 0.3, "weight_decay": 0.001},
)


def test_baselines_follow_what_the_recipe_has_changed():
    supervised, none, own = recipes.resolve(OWN)
    assert own == OWN
    for one in (supervised, none):
        assert (one.batch_size, one.data.num_labeled) == (30, 30)
        assert one.model.network == "wrn_10_2"
        assert one.method.weight_decay == 0.001
    assert none.method.feedback == "none"
    assert none.student.peak_lr == 0.02
    # Its own rate is what makes it that baseline.
    assert supervised.student == RECIPES["digits_20_supervised"].student


def test_they_follow_overrides_on_top_of_that():
    found = recipes.resolve(OWN, ["data.num_labeled=50", "train_steps=1000"])
    assert [one.data.num_labeled for one in found] == [50] * 3
    assert [one.train_steps for one in found] == [1000] * 3


def test_another_method_of_ones_own_stays_ones_own():
    changed = recipes.override(OWN, ["method=uda", "method.temperature=0.7"])
    supervised, none, own = recipes.resolve(changed)
    methods = [one.method.name for one in (supervised, none, own)]
    assert methods == ["supervised", "mpl", "uda"]
    assert (
        none.method.temperature == RECIPES["digits_20_none"].method.temperature
    )
    assert none.data.num_labeled == 30


def test_so_they_follow_a_registered_recipe_with_other_settings():
    items = ["data.num_labeled=50", "model.network=wrn_10_2"]
    digits = RECIPES["digits_20"]
    changed = recipes.override(digits, items)
    assert recipes.resolve(changed) == recipes.resolve(digits, items)


def test_registered_recipes_have_their_baselines_as_they_are():
    for recipe in RECIPES.values():
        *baselines, own = recipes.resolve(recipe)
        assert own == recipe
        assert baselines == [RECIPES[name] for name in recipe.baselines]


@pytest.mark.parametrize(
    ("name", "baseline", "words"),
    [
        ("digits_20", "two_moons_none", "batch_size=6 of two_moons_n"),
        ("digits_20", "digits_1000_supervised", "=100 of digits_1000"),
        ("cifar10_4k_uda", "cifar10_full_supervised", "of cifar10_full"),
    ],
)
def test_a_baseline_on_other_data_is_refused(name, baseline, words):
    with pytest.raises(ValueError, match=f"`baselines` must.*{words}"):
        recipes.resolve(RECIPES[name], [f"baselines={baseline}"])


def test_a_baseline_of_no_recipe_is_refused_on_other_data():
    alone = "cifar10_4k_short_uda"
    changed = OWN.replace(name="other", baselines=(alone,))
    with pytest.raises(ValueError, match="`baselines` must have the data"):
        recipes.resolve(changed)
