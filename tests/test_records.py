"""Every record of the benchmarks finds the recipe that it is a run of."""

import collections
import functools
import json
import pathlib

import pytest

from keras_mpl import recipes

RESULTS = pathlib.Path(__file__).parents[1] / "benchmarks" / "results"
# Runs of settings that a recipe had before; no table shows them.
EARLIER = {"digits_10": 8, "digits_20": 8, "table2_short_tuning": 18}
NAMES = (
    "breast_cancer_10",
    "digits_10",
    "digits_20",
    "digits_20_methods",
    "table2_short",
    "table2_short_tuning",
    "topics_20",
)


def read(name):
    lines = (RESULTS / f"{name}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@functools.cache
def members(overrides):
    """Fingerprints by name, of all recipes and as baselines of others."""
    found = collections.defaultdict(set)
    for recipe in recipes.RECIPES.values():
        try:
            family = recipes.resolve(recipe, overrides)
        except ValueError:  # an override of another data set's
            continue
        for member in family:
            found[member.name].add(member.fingerprint())
    return found


def candidate_fingerprint(record):
    """Of a recipe with one of its settings tried, at a third of the steps."""
    recipe = recipes.find(record["recipe"])
    every, values = recipe.eval_every_steps, recipes.settings(recipe)
    budget = [
        f"{key}={third // every * every}"
        for key in ("train_steps", "stages.pretrain_steps")
        if (third := values[key] // 3)
    ]
    overrides = [*budget, "stages.finetune_steps=0", *record["candidate"]]
    return recipes.override(recipe, overrides).fingerprint()


def finds_its_row(record):
    if record.get("candidate"):
        return candidate_fingerprint(record) == record["fingerprint"]
    known = members(tuple(record.get("overrides", ())))
    return record["fingerprint"] in known[record["recipe"]]


@pytest.mark.parametrize("name", NAMES)
def test_every_record_has_the_fingerprint_of_its_recipe(name):
    records = read(name)
    lost = [r for r in records if not finds_its_row(r)]
    assert len(lost) == EARLIER.get(name, 0)
    assert len(records) > len(lost)


def test_centering_has_the_fingerprints_of_its_settings():
    records = read("centering")
    assert len(records) == 144
    for record in records:
        name = "topics_20_none" if record["scale"] == "none" else "topics_20"
        fingerprint, *settings = record["settings"]
        *_, recipe = recipes.resolve(recipes.find(name), settings)
        assert recipe.fingerprint() == fingerprint


@pytest.mark.parametrize("name", ["ablation", "alignment", "centering"])
def test_every_setting_of_a_record_is_a_key_of_today(name):
    known = set()
    for method in ("mpl", "pseudo_label", "uda"):
        base = recipes.override(recipes.find("digits_20"), [f"method={method}"])
        known |= recipes.settings(base).keys()
    items = {item for record in read(name) for item in record["settings"]}
    found = {item.partition("=")[0] for item in items if "=" in item}
    assert len(found) >= 4
    assert found <= known
