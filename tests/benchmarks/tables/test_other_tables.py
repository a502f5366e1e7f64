"""The tables of recipes' families say what their records say."""

import pytest

from benchmarks.tables import families
from benchmarks.tables import other_tables
from keras_mpl import recipes
from tests.benchmarks.made_records import finished


def test_a_family_has_a_line_per_method_and_stage(monkeypatch):
    members = recipes.resolve(recipes.find("digits_20_methods"))
    stages = {
        "digits_20_noisy_student": ("pretrain", "train", "train 2", "train 3"),
        "digits_20_methods": ("train", "finetune"),
    }
    records = [
        finished(m, seed, accuracy, stages.get(m.name, ()))
        for m in members
        for seed, accuracy in ((0, 0.8), (1, 0.9))
    ]
    monkeypatch.setattr(families, "read", lambda name: records)
    table = other_tables.family_table("digits_20_methods")
    line = "85.0 ± 7.1 | 75.0 ± 7.1 |  | 10 |"
    for title in (
        "labels alone",
        "UDA",
        "Noisy Student, teacher, pre-trained",
        "Noisy Student, trained, round 3",
        "**Meta Pseudo Labels**, trained",
        "**Meta Pseudo Labels**, finetuned",
    ):
        assert f"| {title} | {line}" in table
    lines = [text for text in table.splitlines() if text.startswith("| ")]
    assert len(lines) == 1 + len(members) + 3 + 1
    assert "over 2 seeds" in table
    monkeypatch.setattr(families, "read", lambda name: records[2:])
    with pytest.raises(SystemExit, match="digits_20_supervised"):
        other_tables.family_table("digits_20_methods")


def test_records_of_another_fingerprint_do_not_count(monkeypatch):
    members = recipes.resolve(recipes.find("topics_20"))
    records = [finished(m, 0, 0.5) for m in members]
    stale = {**finished(members[0], 1, 0.9), "fingerprint": "old"}
    monkeypatch.setattr(families, "read", lambda name: [stale, *records])
    table = other_tables.family_table("topics_20")
    assert "| labels alone | 50.0 |" in table
    assert "90.0" not in table


def test_every_recipe_of_a_family_has_a_title_of_its_own():
    for name in other_tables.FAMILIES:
        recipe = recipes.find(name)
        prefix = f"{recipe.data.dataset}_{recipe.data.num_labeled}"
        members = recipes.resolve(recipe)
        titles = {other_tables.title_of(m.name, prefix) for m in members}
        assert len(titles) == len(members), name
