"""Recipes of the paper's tables: every figure has one, or a reason for none."""

import pytest

from keras_mpl import data
from keras_mpl import models
from keras_mpl import recipes
from keras_mpl.recipes import PAPER
from keras_mpl.recipes import RECIPES
from keras_mpl.recipes import Recipe
from keras_mpl.recipes import paper_tables
from keras_mpl.recipes import sourced
from keras_mpl.runner.building import domains
from keras_mpl.runner.building import lookup

ALL = pytest.mark.parametrize("made", PAPER.values(), ids=lambda m: m[0].name)


@ALL
def test_what_is_blocked_together_is_the_recipe(made):
    assert RECIPES[made.recipe.name] is made.recipe
    assert Recipe.from_json(made.recipe.to_json()) == made.recipe
    found = recipes.settings(made.recipe)
    assert made.origins.keys() == found.keys()
    values = {k: v for block in made.blocks for k, v in block.values.items()}
    own = {key: value for key, value in values.items() if key in found}
    assert {key: found[key] for key in own} == own
    foreign = values.keys() - own.keys()
    assert all(key.startswith(("method.", "teacher.")) for key in foreign)
    assert len(own) >= 15


@ALL
def test_it_expects_the_papers_figure_and_names_its_cell(made):
    recipe = made.recipe
    if not made.cells:
        assert recipe.name in ("cifar10_4k", "cifar10_4k_none")
        return
    for cell in made.cells:
        assert cell.figure in recipe.expected
        assert cell.source in recipe.source
    assert recipe.source.startswith(("arXiv:2003.10580", "OpenReview"))


@ALL
def test_it_names_what_there_is(made):
    recipe = made.recipe
    for name in recipe.model.names:
        assert name in models.MODELS
    assert recipe.data.dataset in data.CATALOG
    assert recipe.data.unlabeled_dataset in (None, "records", *data.CATALOG)
    views = (
        recipe.views.weak,
        recipe.views.strong,
        recipe.stages.pretrain_view or recipe.views.weak,
    )
    assert all(callable(lookup.view("strong", name)) for name in views)
    assert not views & domains.VIEWS.keys()


def test_every_figure_has_a_recipe_or_a_reason_and_never_both():
    filled = {cell for made in PAPER.values() for cell in made.cells}
    for cell in paper_tables.cells():
        assert (cell in filled) != bool(cell.reason), cell
    assert filled <= set(paper_tables.cells())


def test_a_figure_that_is_not_there_is_an_error():
    with pytest.raises(KeyError, match="SimCLR"):
        paper_tables.cell("table2", "SimCLR", "SVHN-1K")


def test_paper_and_released_command_differ_where_both_are_known():
    paper, released = (
        recipes.settings(RECIPES[f"cifar10_4k_mpl_{kind}"])
        for kind in ("paper", "released")
    )
    assert (paper["train_steps"], released["train_steps"]) == (10**6, 300_000)
    assert (paper["unlabeled_ratio"], released["unlabeled_ratio"]) == (1, 7)
    assert (
        paper["method.feedback"],
        released["method.feedback"],
    ) == ("hard_batch", "none")


def test_a_block_may_have_settings_of_another_method():
    made = PAPER["cifar10_4k_mean_teacher"]
    block = sourced.Block("chosen here: to see", {"method.temperature": 0.5})
    other = made.replace(block, name="x", summary="x", source="x", expected="x")
    assert other.recipe.method == made.recipe.method
    assert "method.temperature" not in other.origins
    wrong = sourced.Block("chosen here: to see", {"method.temprature": 0.5})
    with pytest.raises(ValueError, match="temprature"):
        made.replace(wrong, name="x", summary="x", source="x", expected="x")


def test_the_sum_of_ours_is_the_mean_of_the_paper():
    for made in PAPER.values():
        recipe = made.recipe
        if getattr(recipe.method, "feedback", "") == "hard_batch":
            unlabeled = recipe.batch_size * recipe.unlabeled_ratio
            weight = recipe.method.feedback_weight
            assert weight == pytest.approx(1 / unlabeled)


def test_a_later_block_takes_the_place_of_an_earlier_one():
    base = PAPER["cifar10_4k_mpl_paper"]
    block = sourced.Block("chosen here: to see", {"model.dropout": 0.9})
    other = base.replace(block, name="x", summary="x", source="x", expected="x")
    assert other.recipe.model.dropout == 0.9
    assert other.origins["model.dropout"] == "chosen here: to see"
    key = "method.temperature"
    assert other.origins[key] == base.origins[key]
    wrong = sourced.Block("somewhere", {"model.dropout": 0.9})
    with pytest.raises(ValueError, match="`origin` must begin with"):
        base.replace(wrong, name="x", summary="x", source="x", expected="x")
