"""What recipes and defaults promise is what the records have."""

import re

from benchmarks.common.over_seeds import spread
from benchmarks.common.records import read
from benchmarks.tables import evidence
from benchmarks.tables import other_tables
from benchmarks.tables import weight_tables
from keras_mpl import feedback
from keras_mpl import recipes

SEEDS = re.compile(r"over \d+ seeds")


def test_a_recipe_expects_what_the_records_have():
    measured = {}
    for name in ("digits_20", "table2_short", *other_tables.FAMILIES):
        kept = {}
        for row in read(name):
            recipe = recipes.find(row["recipe"])
            if row["fingerprint"] == recipe.fingerprint():
                kept.setdefault(recipe, []).append(row["test_accuracy"])
        for recipe, values in kept.items():
            found = (
                *spread(values).split(" ± "),
                str(len(values)),
            )
            measured.setdefault(recipe, []).append(found)
    stated = {r for r in recipes.RECIPES.values() if SEEDS.search(r.expected)}
    assert len(stated) > 20
    assert stated == set(measured)
    for recipe in stated:
        numbers = re.findall(r"\d+(?:\.\d)?", recipe.expected)
        assert tuple(numbers) in measured[recipe], recipe.name


def test_two_moons_expects_what_the_records_have():
    runs = evidence.moons_runs()
    for row, name in {
        "supervised": "two_moons_supervised",
        "pseudo_labels": "two_moons_pseudo_label",
        "none": "two_moons_none",
        "soft": "two_moons",
    }.items():
        found = [r["student_accuracy"] for r in runs["no_labels", row]]
        mean = f"{100 * sum(found) / len(found):.1f} %"
        expected = recipes.find(name).expected
        assert expected.startswith(f"{mean} on average over {len(found)} ")


def test_the_default_weight_is_what_validation_says():
    each = weight_tables.means("supervised")
    for names, rows in (
        (["soft"], weight_tables.SOFT),
        (["hard", "hard_expected"], weight_tables.SAMPLED),
    ):
        overall = weight_tables.overall(each, rows)
        best = max(overall, key=overall.get)
        for name in names:
            kind = feedback.get(name, scale="cosine")
            assert kind.default_weight(is_alone=True) == best
