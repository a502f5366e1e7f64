"""Recipes are frozen plain data, and an override says what is wrong."""

import dataclasses
import json

import pytest

from keras_mpl import recipes
from keras_mpl.recipes import RECIPES
from keras_mpl.recipes import Optimizer
from keras_mpl.recipes import Recipe
from keras_mpl.recipes import override

ALL = pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda r: r.name)
DIGITS = RECIPES["digits_20"]
PLACES = {"data.dir", "data.download", "data.real_labels"}


@ALL
def test_recipe_cannot_be_changed_in_place(recipe):
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.train_steps = 1


@ALL
def test_recipe_survives_json(recipe):
    copy = Recipe.from_json(recipe.to_json())
    assert copy == recipe
    assert copy.fingerprint() == recipe.fingerprint()


@ALL
def test_recipe_names_its_source_and_what_to_expect(recipe):
    assert recipe.source
    assert recipe.expected
    assert RECIPES[recipe.name] is recipe


@ALL
def test_baselines_are_recipes_at_equal_budget(recipe):
    for name in recipe.baselines:
        baseline = RECIPES[name]
        assert baseline.train_steps == recipe.train_steps
        assert baseline.batch_size == recipe.batch_size
        assert baseline.split_seed == recipe.split_seed


def test_fingerprints_are_unique():
    assert len({r.fingerprint() for r in RECIPES.values()}) == len(RECIPES)


@pytest.mark.parametrize(
    "key",
    sorted(recipes.settings(DIGITS).keys() - PLACES),
)
def test_fingerprint_changes_with_every_setting(key):
    value = recipes.settings(DIGITS)[key]
    other = {
        bool: lambda: not value,
        int: lambda: value * 2 + 100,
        float: lambda: value + 0.5,
        str: lambda: value + "x",
        tuple: lambda: "",
        type(None): lambda: 1.5,
    }[type(value)]()
    known = {
        "method": "supervised",
        "precision": "float64",
        "eval_every_steps": 100,
        "feedback_scale": "exact",
        "feedback_centering": "false",
        "feedback_schedule": "linear",
        "pretrain_view": "digits_strong",
        "strong_from": "weak",
        "pretrain_method": "uda",
        "finetune_from": "last",
        "student.schedule": "constant",
        "teacher.schedule": "constant",
        "reduced": "true",
        "selection": "runs/x/selection.json",
        "stored_probs": "runs/x/probabilities",
        "teacher_model": "wrn_10_2",
        "microbatch_size": 20,
        "unlabeled_dataset": "imagenet",
        "teacher_dropout": "0.4",
    }
    with_it = {
        "reduced": ["pretrain_steps=500"],
        "stored_probs": ["reduced=true", "stored_probs=elsewhere"],
        "student.schedule": ["student.warmup_steps=0"],
        "teacher.schedule": ["teacher.warmup_steps=0"],
    }
    base = recipes.override(DIGITS, with_it.get(key, []))
    changed = recipes.override(base, [f"{key}={known.get(key, other)}"])
    assert changed.fingerprint() != base.fingerprint()


@pytest.mark.parametrize(
    "item", ["data.dir=/x", "data.download=true", "data.real_labels=/x"]
)
def test_fingerprint_does_not_change_with_where_the_data_lie(item):
    recipe = RECIPES["folder"]
    changed = recipes.override(recipe, [item, "data.image_size=48"])
    same = recipes.override(recipe, ["data.image_size=48"])
    assert changed.fingerprint() == same.fingerprint() != recipe.fingerprint()


@pytest.mark.parametrize(
    ("name", "fingerprint"),
    [
        ("digits_20", "279542acbcf5"),  # centred feedback
        ("digits_20_none", "50a43a6cfaca"),
        ("digits_20_supervised", "70a86acce694"),
    ],
)
def test_fingerprints_are_those_of_version_0_1_0(name, fingerprint):
    assert RECIPES[name].fingerprint() == fingerprint


def test_fingerprint_does_not_change_with_what_is_said_of_a_recipe():
    said = dataclasses.replace(DIGITS, summary="other", expected="other")
    assert said.fingerprint() == DIGITS.fingerprint()


def test_a_whole_number_stands_for_a_float_and_hashes_alike():
    one = dataclasses.replace(DIGITS, feedback_weight=1)
    assert one.fingerprint() == DIGITS.fingerprint()


@pytest.mark.parametrize(
    ("item", "key", "value"),
    [
        ("train_steps=200", "train_steps", 200),
        ("student.peak_lr=1e-3", "student.peak_lr", 0.001),
        ("student.peak_lr=.5", "student.peak_lr", 0.5),
        ("dropout=1", "dropout", 1.0),
        ("teacher.nesterov=false", "teacher.nesterov", False),
        ("clip_norm=5", "clip_norm", 5.0),
        ("feedback_scale=None", "feedback_scale", None),
        ("feedback=none", "feedback", "none"),
        ("data.labeled=2024", "data.labeled", "2024"),
        ("data.labeled=none", "data.labeled", None),
        ("baselines=", "baselines", ()),
        ("baselines=digits_20_none", "baselines", ("digits_20_none",)),
    ],
)
def test_override_reads_the_type_of_the_field(item, key, value):
    changed = recipes.settings(recipes.override(DIGITS, [item]))
    assert changed[key] == value
    assert type(changed[key]) is type(value)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("student.peek_lr=1", "must be one of: student.peak_lr"),
        ("peak_lr=1", "student.peak_lr"),
        ("name=x", "must be one of"),
        ("student=3", "must be one of"),
        ("train_steps", "must be key=value"),
        ("train_steps=True", "must be a whole number"),
        ("train_steps=1.5", "must be a whole number"),
        ("train_steps=many", "must be a whole number"),
        ("dropout=true", "must be a finite number"),
        ("dropout=nan", "must be a finite number"),
        ("student.nesterov=1", "must be true or false"),
        ("method=foo", "must be one of: supervised, pseudo_label, uda"),
        ("batch_size=0", "must be at least 1"),
        ("eval_every_steps=7", "must be a multiple of"),
        ("finetune_steps=7", "`finetune_steps` must be a multiple of"),
        ("microbatch_size=0", "`microbatch_size` must be at least 1"),
        ("microbatch_size=19", "must divide the unlabelled examples"),
        ("reduced=true", "`reduced` must have a teacher"),
        ("stored_probs=x", "`stored_probs` must go with `reduced`"),
    ],
)
def test_override_error_says_what_was_expected_and_what_came(item, words):
    with pytest.raises(ValueError, match="Received: ") as caught:
        recipes.override(DIGITS, [item])
    assert words in str(caught.value)
    key, _, value = item.lower().partition("=")
    received = str(caught.value).lower().rpartition("received: ")[2]
    assert key in received
    assert value in received or "key must be" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("change", ["unknown", "missing", "type", "nested"])
def test_json_that_is_no_recipe_is_an_error(change):
    values = json.loads(DIGITS.to_json())
    if change == "unknown":
        values["colour"] = 3
    elif change == "missing":
        del values["model"]
    elif change == "type":
        values["train_steps"] = True
    else:
        values["student"]["peak_lr"] = "high"
    with pytest.raises(ValueError, match="must"):
        Recipe.from_dict(values)


@ALL
def test_changes_lead_from_any_recipe_to_any_other(recipe):
    there = recipes.changes(recipe, DIGITS)
    assert recipes.settings(override(DIGITS, there)) == recipes.settings(recipe)
    assert recipes.changes(recipe, recipe) == ()


def test_a_recipe_is_known_by_name_and_prose():
    changed = override(DIGITS, ["dropout=0.9", "data.dir=/Some/Dir"])
    assert recipes.known(changed) is DIGITS
    assert recipes.changes(changed, DIGITS) == (
        "dropout=0.9",
        "data.dir=/Some/Dir",
    )
    assert recipes.known(dataclasses.replace(DIGITS, name="mine")) is None
    assert recipes.known(dataclasses.replace(DIGITS, expected="1 %")) is None


def test_override_counts_for_baselines_but_not_for_what_makes_them_one():
    supervised, none, mpl = recipes.resolve(
        DIGITS, ["train_steps=400", "feedback=hard", "method=mpl"]
    )
    assert [r.train_steps for r in (supervised, none, mpl)] == [400] * 3
    assert (none.feedback, mpl.feedback) == ("none", "hard")
    assert supervised.method == "supervised"


def test_unknown_recipe_lists_those_there_are():
    with pytest.raises(ValueError, match=r"one of: digits_20\b.*: digit_20"):
        recipes.find("digit_20")


def test_a_constant_rate_neither_warms_up_nor_waits():
    constant = Optimizer(peak_lr=0.1, schedule="constant")
    assert constant.schedule == "constant"
    with pytest.raises(ValueError, match=r"must be 0 with a constant.*=3"):
        Optimizer(schedule="constant", warmup_steps=3)


def test_a_field_that_came_later_counts_only_off_its_default():
    before = DIGITS.fingerprint()
    for same in ("student.schedule=cosine", "objective=uda"):
        assert override(DIGITS, [same]).fingerprint() == before
    other = override(
        DIGITS, ["student.schedule=constant", "student.warmup_steps=0"]
    )
    assert other.fingerprint() != before
