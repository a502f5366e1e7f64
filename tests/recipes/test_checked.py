"""Every field of a recipe is checked: its type, its choices, its range."""

import typing

import pytest

from keras_mpl import recipes
from keras_mpl.recipes import Recipe
from keras_mpl.recipes import methods
from keras_mpl.recipes import parts
from keras_mpl.recipes.checked import coerce_field
from keras_mpl.recipes.checked import fields_of
from keras_mpl.recipes.checked import hints_of

OWNERS = (
    Recipe,
    parts.Data,
    parts.Views,
    parts.Model,
    parts.Optimizer,
    parts.Stages,
    *methods.METHODS.values(),
)
FIELDS = [(owner, name) for owner in OWNERS for name in fields_of(owner)]
NUMBERS = [
    (owner, name)
    for owner, name in FIELDS
    if {int, float}
    & {hints_of(owner)[name], *typing.get_args(hints_of(owner)[name])}
]
ids = lambda value: getattr(value, "__name__", value)


@pytest.mark.parametrize(("owner", "name"), FIELDS, ids=ids)
def test_a_value_of_another_type_is_one_line(owner, name):
    with pytest.raises(ValueError, match=r"`key` must be ") as caught:
        coerce_field(owner, name, object(), "key")
    assert "Received: key=" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("owner", "name"), NUMBERS, ids=ids)
def test_every_number_has_a_range(owner, name):
    with pytest.raises(ValueError, match=r"`key` must be ") as caught:
        coerce_field(owner, name, -1, "key")
    assert "Received: key=-1" in str(caught.value)


@pytest.mark.parametrize(("owner", "name"), FIELDS, ids=ids)
def test_a_name_out_of_a_list_is_one_of_it(owner, name):
    hint = hints_of(owner)[name]
    options = [hint, *typing.get_args(hint)]
    literals = [o for o in options if typing.get_origin(o) is typing.Literal]
    for literal in literals:
        for value in typing.get_args(literal):
            assert coerce_field(owner, name, value, "key") == value
        with pytest.raises(ValueError, match=r"must be one of: "):
            coerce_field(owner, name, "no such name", "key")
    is_open = {str, bool, int, float} & set(options) or name in OPEN
    assert literals or is_open


OPEN = {"method", "baselines", "data", "views", "model", "student", "teacher"}
OPEN |= {"stages"}


WRONG = (
    ("recipe", 5),
    ("recipe", None),
    ("recipe", []),
    ("method", ["mpl"]),
    ("method", "uda"),
    ("method", {"name": ["mpl"]}),
    ("data", []),
    ("train_steps", 10**400),
    ("train_steps", 2**63),
    ("name", "../../victim"),
    ("name", 7),
    ("baselines", ["digits_20_none", "digits_20_none"]),
    ("baselines", ["digits_20"]),
    ("baselines", "digits_20_none"),
    ("student", {"peak_lr": 10**400}),
    ("student", {"peak_lr": [[[[[["deep"]]]]]]}),
    ("views", {"weak": "x" * 100_000}),
)


@pytest.mark.parametrize("is_flat", [False, True])
@pytest.mark.parametrize(("key", "value"), WRONG, ids=range(len(WRONG)))
def test_values_of_any_type_are_refused_in_one_short_line(key, value, is_flat):
    values = recipes.RECIPES["digits_20"].to_dict()
    if is_flat:
        values["dataset"] = "digits"
    values = value if key == "recipe" else values | {key: value}
    with pytest.raises(ValueError, match="must") as error:
        Recipe.from_dict(values)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 1000


def test_a_recipe_nested_too_deep_is_one_line():
    with pytest.raises(ValueError, match="nested less deep"):
        Recipe.from_json("[" * 100_000)
