"""Another method brings its own settings, and says its name."""

import pytest

from keras_mpl import recipes
from keras_mpl.recipes import RECIPES
from keras_mpl.recipes import methods
from keras_mpl.recipes import override

DIGITS = RECIPES["digits_20"]


@pytest.mark.parametrize("name", methods.METHODS)
def test_a_method_brings_its_own_settings_and_keeps_what_all_share(name):
    shared = {"label_smoothing": 0.1, "weight_decay": 0.2, "clip_norm": 3.0}
    base = DIGITS.replace(method={**shared, "temperature": 0.3})
    changed = override(base, [f"method={name}"]).method
    if name == "mpl":
        assert changed == base.method
        return
    own = {"consistency_ramp_steps": 125} if name == "mean_teacher" else {}
    kind = methods.METHODS[name]
    assert changed == kind(**shared, **own, ema_decay=0.995)


@pytest.mark.parametrize(
    ("items", "ramp_steps"),
    [
        (["method=mean_teacher", "train_steps=2000"], 500),
        (["train_steps=2000", "method=mean_teacher"], 500),
        (["method=mean_teacher", "train_steps=200000"], 40_000),
        (["method=mean_teacher", "method.consistency_ramp_steps=300"], 300),
        (
            ["method=mean_teacher", "method.consistency_ramp_steps=40000"],
            40_000,
        ),
        (["method=uda"], 0),
    ],
)
def test_the_ramp_of_another_method_ends_with_a_quarter_of_training(
    items, ramp_steps
):
    changed = override(DIGITS, items)
    assert changed.method.consistency_ramp_steps == ramp_steps


def test_mean_teacher_in_the_place_of_a_method_without_average_has_one():
    assert RECIPES["two_moons"].method.ema_decay == 0
    assert override(RECIPES["two_moons"], ["method=mean_teacher"]).method == (
        methods.MeanTeacher(
            **{
                name: getattr(RECIPES["two_moons"].method, name)
                for name in methods.SHARED
                if name != "ema_decay"
            },
            consistency_ramp_steps=RECIPES["two_moons"].train_steps // 4,
        )
    )


@pytest.mark.parametrize("ramp_steps", [0, 125, 300, 500, 40_000])
@pytest.mark.parametrize("train_steps", [500, 2000])
def test_a_ramp_that_was_set_is_among_the_changes(ramp_steps, train_steps):
    items = ["method=mean_teacher", f"train_steps={train_steps}"]
    items += [f"method.consistency_ramp_steps={ramp_steps}"]
    changed = override(DIGITS, items)
    again = override(DIGITS, recipes.changes(changed, DIGITS))
    assert again == changed
    assert again.method.consistency_ramp_steps == ramp_steps


def test_a_recipe_of_a_method_keeps_its_ramp_in_any_length():
    paper = RECIPES["cifar10_4k_mean_teacher"]
    items = ["train_steps=1000", "eval_every_steps=100"]
    items += ["student.warmup_steps=0", "method=mean_teacher"]
    changed = override(paper, items)
    assert changed.method == paper.method


@pytest.mark.parametrize("start", ["digits_20_reduced", "digits_20_methods"])
@pytest.mark.parametrize("name", methods.METHODS)
def test_every_method_can_take_the_place_of_every_other(start, name):
    changed = override(RECIPES[start], [f"method={name}"])
    assert changed.method.name == name
    assert (changed.teacher is not None) == changed.method.has_teacher
    back = override(changed, ["method=mpl"])
    assert back.method.name == "mpl"
    assert back.teacher is not None


@pytest.mark.parametrize("name", ["folder", "digits_20", "cifar10_4k_short"])
def test_uda_in_the_place_of_a_method_is_the_recipe_of_uda(name):
    changed = override(RECIPES[name], ["method=uda", "baselines="])
    expected = RECIPES[f"{name}_uda"]
    assert recipes.settings(changed) == recipes.settings(expected)


def test_the_order_counts_as_it_is_written():
    changed = override(DIGITS, ["method=uda", "method.temperature=0.5"])
    assert changed.method.temperature == 0.5
    reverse = override(DIGITS, ["method.temperature=0.5", "method=uda"])
    assert reverse.method.temperature == methods.UDA().temperature


def test_a_wrong_key_lists_what_that_method_has():
    with pytest.raises(ValueError, match="one of method=uda") as caught:
        override(DIGITS, ["method=uda", "method.feedback_weight=1"])
    text = str(caught.value)
    for key in recipes.settings(RECIPES["digits_20_uda"]).keys() - {"method"}:
        assert (key in text) == key.startswith("method.")
    assert "feedback_scale" not in text


def test_a_method_without_a_teacher_has_no_setting_of_one():
    with pytest.raises(ValueError, match="method=uda has none"):
        override(DIGITS, ["method=uda", "teacher.peak_lr=0.1"])
    with pytest.raises(ValueError, match=r"_network` must be none"):
        override(DIGITS, ["method=uda", "model.teacher_network=wrn_10_2"])


def test_a_teacher_that_comes_with_a_method_has_the_students_optimizer():
    changed = override(RECIPES["digits_20_supervised"], ["method=mpl"])
    assert changed.teacher == changed.student
    fixed = override(DIGITS, ["method=pseudo_label"])
    assert fixed.stages.pretrain_steps == fixed.train_steps


def test_what_is_said_of_a_recipe_names_the_method_that_was_used():
    changed = override(DIGITS, ["method=uda"])
    assert "Meta Pseudo Labels" not in changed.summary
    assert changed.summary.startswith("Unsupervised Data Augmentation")
    assert "93.8" not in changed.expected
    assert recipes.title(changed) == "digits_20 with method=uda"
    assert recipes.title(DIGITS) == "digits_20"
    assert recipes.known(changed) is DIGITS


def test_the_method_counts_for_the_recipe_alone():
    overrides = ["method=uda", "method.temperature=0.5", "ema_decay=0.9"]
    supervised, none, changed = recipes.resolve(DIGITS, overrides)
    assert changed.method.temperature == 0.5
    assert none.method.name == "mpl"
    assert none.method.temperature == DIGITS.method.temperature
    assert supervised.method.name == "supervised"
    found = [one.method.ema_decay for one in (supervised, none, changed)]
    assert found == [0.9] * 3


def test_a_baseline_without_a_teacher_is_spared_its_settings():
    supervised, none, _ = recipes.resolve(DIGITS, ["teacher.warmup_steps=7"])
    assert supervised.teacher is None
    assert none.teacher.warmup_steps == 7


@pytest.mark.parametrize(
    ("item", "section", "value"),
    [
        ("model.teacher_network=wrn_10_2", "model", "wrn_10_2"),
        ("model.teacher_dropout=0.5", "model", 0.5),
        ("stages.pretrain_steps=500", "stages", 500),
    ],
)
def test_what_a_teacher_has_is_for_the_recipes_with_one(item, section, value):
    key = item.partition("=")[0].rpartition(".")[2]
    supervised, none, own = recipes.resolve(DIGITS, [item])
    assert getattr(getattr(none, section), key) == value
    assert getattr(getattr(own, section), key) == value
    assert supervised == RECIPES["digits_20_supervised"]


@pytest.mark.parametrize(
    ("name", "items", "left"),
    [
        ("folder", ["method=uda"], ["folder_supervised"]),
        ("folder", ["method=supervised"], ["folder_uda"]),
        ("folder", ["method=uda", "train_steps=4000"], ["folder_supervised"]),
        (
            "folder",
            ["method=uda", "method.temperature=0.7"],
            ["folder_supervised", "folder_uda"],
        ),
        ("folder", [], ["folder_supervised", "folder_uda"]),
        ("two_moons", ["method=supervised"], []),
    ],
)
def test_what_a_recipe_has_become_is_not_trained_twice(name, items, left):
    *baselines, own = recipes.resolve(RECIPES[name], items)
    names = [one.name for one in baselines]
    assert names[: len(left)] == left
    assert own.name == name
    assert list(own.baselines) == names
    assert all(one.method != own.method for one in baselines)


def test_an_error_of_a_baseline_names_it():
    words = "more than 0.*digits_20_mean_teacher, which `baselines`"
    items = ["method.ema_decay=0"]
    with pytest.raises(ValueError, match=words):
        recipes.resolve(RECIPES["digits_20_methods"], items)
    recipes.resolve(RECIPES["digits_20_methods"], [*items, "baselines="])


@pytest.mark.parametrize(
    "item",
    [
        "model.dropout=" + "(" * 30_000,
        "model.dropout=" + "9" * 30_000,
        "train_steps=" + "-" * 30_000,
        "train_steps=" + "1+" * 15_000 + "1",
        "train_steps='\\d'",
        "baselines=digits_20_none,digits_20_none",
        "baselines=digits_20",
        "data.num_test=" + "9" * 40,
    ],
)
def test_a_value_is_data_however_long_and_never_a_program(item):
    with pytest.raises(ValueError, match="must be") as error:
        recipes.override(RECIPES["digits_20"], [item])
    assert len(str(error.value)) < 500


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("none", None),
        ("balanced", "balanced"),
        ("1,2.5,0", (1.0, 2.5, 0.0)),
        ("3", (3.0,)),
    ],
)
def test_class_weights_are_a_name_or_numbers(text, expected):
    changed = override(DIGITS, [f"method.class_weights={text}"])
    assert changed.method.class_weights == expected
    again = recipes.Recipe.from_json(changed.to_json())
    assert again == changed
    key = recipes.settings(changed)["method.class_weights"]
    back = override(
        DIGITS, [f"method.class_weights={recipes.format_value(key)}"]
    )
    assert back == changed
    is_default = changed.fingerprint() == DIGITS.fingerprint()
    assert is_default == (expected is None)


@pytest.mark.parametrize("text", ["equal", "1,a", "1,,2", "nan,1", ""])
def test_what_is_no_class_weight_is_one_line(text):
    with pytest.raises(
        ValueError, match=r"must be (one of: balanced, or a list of|a finite)"
    ) as error:
        override(DIGITS, [f"method.class_weights={text}"])
    assert "method.class_weights=" in str(error.value)


def test_the_baselines_have_the_class_weights_of_the_recipe():
    family = recipes.resolve(
        RECIPES["folder"], ["method.class_weights=balanced"]
    )
    assert {one.method.class_weights for one in family} == {"balanced"}
