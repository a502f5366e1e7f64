"""Recipes are frozen plain data, and an override says what is wrong."""

import dataclasses
import json

import pytest

from keras_mpl import recipes
from keras_mpl.recipes import RECIPES
from keras_mpl.recipes import Optimizer
from keras_mpl.recipes import Recipe
from keras_mpl.recipes import Views
from keras_mpl.recipes import checked
from keras_mpl.recipes import override
from keras_mpl.recipes.checked import added_later
from keras_mpl.recipes.checked import between

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
        assert baseline.data.split_seed == recipe.data.split_seed


def test_fingerprints_are_unique():
    assert len({r.fingerprint() for r in RECIPES.values()}) == len(RECIPES)


OTHER = {
    "data.unlabeled_examples": "rest",
    "data.channels": 1,
    "views.strong_from": "weak",
    "model.precision": "float64",
    "eval_every_steps": 100,
    "export": "best",
    "stages.pretrain_steps": 200,
    "stages.pretrain_method": "uda",
    "stages.finetune_from": "last",
    "method": "supervised",
    "method.feedback": "hard",
    "method.feedback_scale": "exact",
    "method.feedback_schedule": "linear",
    "method.objective": "supervised",
    "method.microbatch_size": 20,
    "method.pseudo_labels": "hard",
    "method.annealing": "log",
    "student.schedule": "constant",
    "teacher.schedule": "constant",
}
WITH_IT = {
    "model.backbone_rate": ["model.weights=x"],
    "stages.use_reduced_teacher": ["stages.pretrain_steps=500"],
    "data.stored_probs": [
        "stages.use_reduced_teacher=true",
        "data.stored_probs=elsewhere",
    ],
    "student.schedule": ["student.warmup_steps=0"],
    "teacher.schedule": ["teacher.warmup_steps=0"],
}


def keys_of(name):
    return sorted(recipes.settings(RECIPES[name]).keys() - PLACES)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        *(
            ("digits_20", key)
            for key in keys_of("digits_20")
            if key != "stages.rounds"  # which Noisy Student alone has
        ),
        *(
            (f"digits_20_{name}", key)
            for name in ("uda", "fixmatch", "mean_teacher", "noisy_student")
            for key in keys_of(f"digits_20_{name}")
            if key.startswith("method.")
        ),
        ("digits_20_noisy_student", "stages.rounds"),
    ],
)
def test_fingerprint_changes_with_every_setting(name, key):
    value = recipes.settings(RECIPES[name])[key]
    other = {
        bool: lambda: not value,
        int: lambda: value * 2 + 100,
        float: lambda: value + 0.5 if value <= 0.5 else value / 2,
        str: lambda: value + "x",
        tuple: lambda: "",
        type(None): lambda: 0.5,
    }[type(value)]()
    pairs = {
        "method.pseudo_labels": ("hard", "soft"),
        "method.threshold_on": ("raw", "sharpened"),
        "method.weak_view": ("joint", "apart"),
        "method.pseudo_label_weighting": ("confidence", "equal"),
        "method.student_statistics": ("labeled", "all"),
    }
    if key in pairs:
        [other] = set(pairs[key]) - {value}
    else:
        other = OTHER.get(key, other)
    base = recipes.override(RECIPES[name], WITH_IT.get(key, []))
    changed = recipes.override(base, [f"{key}={recipes.format_value(other)}"])
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
        ("digits_20", "c84399bfefa9"),
        ("digits_20_none", "07163fed5f39"),
        ("digits_20_supervised", "46cf0ffa45cf"),
    ],
)
def test_fingerprints_are_those_of_the_records(name, fingerprint):
    assert RECIPES[name].fingerprint() == fingerprint


def test_fingerprint_does_not_change_with_what_is_said_of_a_recipe():
    said = dataclasses.replace(DIGITS, summary="other", expected="other")
    assert said.fingerprint() == DIGITS.fingerprint()


def test_a_whole_number_stands_for_a_float_and_hashes_alike():
    one = DIGITS.replace(method={"feedback_weight": 1})
    assert one.fingerprint() == DIGITS.fingerprint()


@pytest.mark.parametrize(
    ("item", "key", "value"),
    [
        ("train_steps=200", "train_steps", 200),
        ("student.peak_lr=1e-3", "student.peak_lr", 0.001),
        ("student.peak_lr=.5", "student.peak_lr", 0.5),
        ("model.dropout=1", "model.dropout", 1.0),
        ("teacher.nesterov=false", "teacher.nesterov", False),
        ("method.clip_norm=5", "method.clip_norm", 5.0),
        ("method.feedback_scale=None", "method.feedback_scale", None),
        ("method.feedback=none", "method.feedback", "none"),
        ("data.channels=1", "data.channels", 1),
        ("model=wrn_28_2", "model.network", "wrn_28_2"),
        ("weights=imagenet", "model.weights", "imagenet"),
        ("data=svhn", "data.dataset", "svhn"),
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
        ("method.temprature=1", "one of method=mpl: method.temperature"),
        ("method.annealing=log", "must be one of method=mpl: method."),
        (
            "model.backbone_rate=0",
            "`model.backbone_rate` must be 1 without `model.weights`",
        ),
        ("model.dropout=2", "`model.dropout` must be from 0 to 1"),
        (
            "teacher.schedule=constant",
            "`teacher.warmup_steps` and `teacher.wait_steps` must be 0",
        ),
        ("method.temperature=0", "`method.temperature` must be more than 0"),
        ("data.channels=2", "`data.channels` must be one of: 1, 3"),
        ("stages.rounds=2", "`stages.rounds` must be 1 for every method but"),
        ("train_steps", "must be key=value"),
        ("train_steps=True", "must be a whole number"),
        ("train_steps=1.5", "must be a whole number"),
        ("train_steps=many", "must be a whole number"),
        ("model.dropout=true", "must be a finite number"),
        ("model.dropout=nan", "must be a finite number"),
        ("student.nesterov=1", "must be true or false"),
        ("method=foo", "must be one of: supervised, pseudo_label, uda"),
        ("batch_size=0", "must be at least 1"),
        ("eval_every_steps=7", "must be a multiple of"),
        (
            "train_steps=50",
            "student.warmup_steps=100, teacher.warmup_steps=100",
        ),
        ("stages.pretrain_steps=50", "more than the steps of warm-up and wait"),
        (
            "stages.finetune_steps=7",
            "`stages.finetune_steps` must be a multiple",
        ),
        (
            "method.microbatch_size=0",
            "`method.microbatch_size` must be at least 1",
        ),
        ("method.microbatch_size=19", "must divide the unlabelled examples"),
        (
            "stages.use_reduced_teacher=true",
            "_teacher` must have either `stages.pretrain_steps`",
        ),
        (
            "data.stored_probs=x",
            "`data.stored_probs` must go with `stages.use_reduced",
        ),
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
        del values["model"]["network"]
    elif change == "type":
        values["train_steps"] = True
    else:
        values["student"]["peak_lr"] = "high"
    with pytest.raises(ValueError, match="must"):
        Recipe.from_dict(values)


def test_json_with_a_wrong_optimizer_says_whose_it_is():
    values = json.loads(DIGITS.to_json())
    values["teacher"]["momentum"] = 2
    with pytest.raises(ValueError, match=r"`teacher\.momentum`.*: teacher\."):
        Recipe.from_dict(values)


def older(values):
    """What a run wrote before there were the settings that were added."""
    if not isinstance(values, checked.Checked):
        return values
    name = {"name": values.name} if hasattr(values, "name") else {}
    return name | {
        key: older(getattr(values, key))
        for key, field in checked.fields_of(type(values)).items()
        if "before" not in field.metadata
    }


@ALL
def test_a_record_without_later_settings_is_read_as_it_was_then(recipe):
    record = json.loads(json.dumps(older(recipe)))
    found = Recipe.from_record(record)
    again = json.loads(json.dumps(older(found)))
    assert again == record
    for part in (found, found.method, found.data, found.model, found.stages):
        for key, field in checked.fields_of(type(part)).items():
            if "before" in field.metadata:
                assert (getattr(part, key),) == field.metadata["before"], key
    assert Recipe.from_record(recipe.to_dict()) == recipe


def test_a_short_trainings_run_of_before_keeps_its_method_and_fingerprint():
    folder = recipes.find("folder")
    before = {"pseudo_label_weighting": "equal", "student_statistics": "all"}
    before["labeled_floor"] = 0.0
    found = Recipe.from_record(older(folder))
    assert {key: getattr(found.method, key) for key in before} == before
    there = folder.replace(method=before).to_dict()
    for key in before:
        del there["method"][key]
    expected = folder.replace(method=before)
    assert Recipe.from_record(there).fingerprint() == expected.fingerprint()


@pytest.mark.parametrize(
    ("change", "known"),
    [
        ({"train_stps": 3}, "`recipe` must be made of .*'train_steps'"),
        ({"data": {"labels": 3}}, "`data` must be made of .*'num_labeled'"),
        ({"method": {"feedbak": "soft"}}, "`method` must be .*'feedback'"),
    ],
)
def test_a_replacement_of_what_is_not_there_says_what_is(change, known):
    with pytest.raises(ValueError, match=known):
        DIGITS.replace(**change)


@pytest.mark.parametrize("name", ["digits_20", "cifar10_4k_short", "folder"])
@pytest.mark.parametrize("steps", [1, 7, 60, 130, 1234])
def test_a_length_that_does_not_fit_is_told_with_what_does(name, steps):
    recipe = recipes.find(name)
    try:
        recipes.resolve(recipe, [f"train_steps={steps}"])
    except ValueError as error:
        words = str(error).partition("; this length has --set ")[2]
        found = recipes.resolve(recipe, words.split(" --set "))[-1]
        assert abs(found.train_steps - steps) < found.eval_every_steps
    else:
        assert steps % recipe.eval_every_steps == 0


@ALL
def test_changes_lead_from_any_recipe_to_any_other(recipe):
    there = recipes.changes(recipe, DIGITS)
    assert recipes.settings(override(DIGITS, there)) == recipes.settings(recipe)
    assert recipes.changes(recipe, recipe) == ()


def test_a_recipe_is_known_by_name_and_prose():
    changed = override(DIGITS, ["model.dropout=0.9", "data.dir=/Some/Dir"])
    assert recipes.known(changed) is DIGITS
    assert recipes.changes(changed, DIGITS) == (
        "data.dir=/Some/Dir",
        "model.dropout=0.9",
    )
    assert recipes.known(dataclasses.replace(DIGITS, name="mine")) is None
    assert recipes.known(dataclasses.replace(DIGITS, expected="1 %")) is None


def test_override_counts_for_baselines_but_not_for_what_makes_them_one():
    supervised, none, mpl = recipes.resolve(
        DIGITS, ["train_steps=400", "method.feedback=hard", "method=mpl"]
    )
    assert [r.train_steps for r in (supervised, none, mpl)] == [400] * 3
    assert none.method.feedback == "none"
    assert mpl.method.feedback == "hard"
    assert supervised.method.name == "supervised"


def test_the_title_says_what_networks_start_from():
    items = ["weights=/x/a.keras", "method=uda"]
    changed = override(DIGITS, items)
    said = "digits_20 with method=uda, finetuned from a.keras"
    assert recipes.title(changed) == said
    frozen = override(changed, ["model.backbone_rate=0"])
    assert recipes.title(frozen).endswith("head on a frozen backbone (a.keras)")
    same = recipes.resolve(DIGITS, items)[0]
    assert recipes.title(same) == "digits_20_supervised, finetuned from a.keras"


def test_unknown_recipe_lists_those_there_are():
    with pytest.raises(ValueError, match=r"one of: digits_20\b.*: digit_20"):
        recipes.find("digit_20")


def test_a_constant_rate_neither_warms_up_nor_waits():
    constant = Optimizer(peak_lr=0.1, schedule="constant")
    assert constant.schedule == "constant"
    with pytest.raises(ValueError, match=r"must be 0 with a constant.*=3"):
        Optimizer(schedule="constant", warmup_steps=3)


def test_a_field_that_was_added_later_counts_only_off_its_default():
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Grown(Views):
        shear: float = added_later(between(0, 1, 0.5))

    before = DIGITS.fingerprint()
    names = {"weak": DIGITS.views.weak, "strong": DIGITS.views.strong}
    assert DIGITS.replace(views=Grown(**names)).fingerprint() == before
    other = DIGITS.replace(views=Grown(**names, shear=0.25))
    assert other.fingerprint() != before
    with pytest.raises(ValueError, match=r"`shear` must be from 0 to 1"):
        Grown(**names, shear=2)


def test_a_field_that_was_added_later_counts_unless_it_is_as_before():
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Grown(Views):
        shear: float = added_later(0.5, before=0.0)

    before = DIGITS.fingerprint()
    names = {"weak": DIGITS.views.weak, "strong": DIGITS.views.strong}
    as_before = DIGITS.replace(views=Grown(**names, shear=0.0))
    assert as_before.fingerprint() == before
    assert DIGITS.replace(views=Grown(**names)).fingerprint() != before


def test_a_warm_up_that_is_not_given_follows_the_length():
    short = recipes.override(
        RECIPES["folder"], ["train_steps=60", "eval_every_steps=20"]
    )
    for optimizer in (short.student, short.teacher):
        assert optimizer.warmup_for(60) == 6
        assert optimizer.warmup_for(2000) == 100 == optimizer.warmup_for(10**6)
    given = recipes.override(RECIPES["folder"], ["student.warmup_steps=150"])
    assert given.student.warmup_for(2000) == 150
    with pytest.raises(ValueError, match="must be more than the steps of warm"):
        recipes.override(given, ["train_steps=100", "eval_every_steps=20"])
    again = Recipe.from_json(short.to_json())
    assert again == short
    constant = ["student.schedule=constant", "teacher.schedule=constant"]
    assert recipes.override(short, constant).student.warmup_for(60) == 0
