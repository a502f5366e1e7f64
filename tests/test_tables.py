"""The tables of the benchmarks say what their records say."""

import importlib
import pathlib
import re

import pytest

from keras_mpl import recipes
from keras_mpl.trainers import feedback

SEEDS = re.compile(r"over \d+ seeds")
BENCHMARKS = pathlib.Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def imported(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


@pytest.fixture
def tables(imported):
    return imported("other_tables")


@pytest.fixture
def coverage(imported):
    return imported("paper_coverage")


def test_every_figure_of_the_paper_is_listed_once(coverage):
    cells = list(recipes.paper_tables.cells())
    filled = coverage.recipes_of()
    having = sum(map(bool, filled.values()))
    totals = coverage.counts().splitlines()
    assert (
        f"| all | {len(cells)} | {having} | {len(cells) - having} "
        f"| {len(recipes.PAPER)} |"
    ) in totals
    assert len(coverage.with_recipes().splitlines()) == 2 + having
    rows = [line.split(" | ") for line in coverage.without().splitlines()[2:]]
    listed = sum(1 + columns.count(", ") for _, columns, _ in rows)
    assert listed == len(cells) - having


def test_origins_of_a_recipe_add_up_to_its_settings(coverage):
    lines = coverage.origins().splitlines()[2 : 2 + len(recipes.PAPER)]
    for line, made in zip(lines, recipes.PAPER.values(), strict=True):
        numbers = [int(cell) for cell in line.split("|")[2:-1]]
        assert sum(numbers) == len(recipes.settings(made.recipe))


def record(member, seed, accuracy, stages=()):
    figures = {
        "test_accuracy": accuracy,
        "test_student_accuracy": accuracy - 0.1,
        "test_teacher_accuracy": None,
        "seconds": 10.0 + seed,
    }
    return {
        **figures,
        "recipe": member.name,
        "fingerprint": member.fingerprint(),
        "seed": seed,
        "device": "CPU",
        "versions": {"tensorflow": "2", "keras": "3"},
        "commit": "c" * 40,
        **(
            {"stages": [{**figures, "stage": stage} for stage in stages]}
            if stages
            else {}
        ),
    }


def test_a_family_has_a_line_per_method_and_stage(tables, monkeypatch):
    members = recipes.resolve(recipes.find("digits_20_methods"))
    stages = {
        "digits_20_noisy_student": ("pretrain", "train", "train 2", "train 3"),
        "digits_20_methods": ("train", "finetune"),
    }
    records = [
        record(m, seed, accuracy, stages.get(m.name, ()))
        for m in members
        for seed, accuracy in ((0, 0.8), (1, 0.9))
    ]
    monkeypatch.setattr(tables, "read", lambda name: records)
    table = tables.family_table("digits_20_methods")
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
    monkeypatch.setattr(tables, "read", lambda name: records[2:])
    with pytest.raises(SystemExit, match="digits_20_supervised"):
        tables.family_table("digits_20_methods")


def test_records_of_another_fingerprint_do_not_count(tables, monkeypatch):
    members = recipes.resolve(recipes.find("topics_20"))
    records = [record(m, 0, 0.5) for m in members]
    stale = {**record(members[0], 1, 0.9), "fingerprint": "old"}
    monkeypatch.setattr(tables, "read", lambda name: [stale, *records])
    table = tables.family_table("topics_20")
    assert "| labels alone | 50.0 |" in table
    assert "90.0" not in table


def test_a_recipe_expects_what_the_records_have(tables):
    measured = {}
    for name in ("digits_20", "table2_short", *tables.FAMILIES):
        kept = {}
        for row in tables.read(name):
            recipe = recipes.find(row["recipe"])
            if row["fingerprint"] == recipe.fingerprint():
                kept.setdefault(recipe, []).append(row["test_accuracy"])
        for recipe, values in kept.items():
            found = (*tables.spread(values).split(" ± "), str(len(values)))
            measured.setdefault(recipe, []).append(found)
    stated = {r for r in recipes.RECIPES.values() if SEEDS.search(r.expected)}
    assert len(stated) > 20
    assert stated == set(measured)
    for recipe in stated:
        numbers = re.findall(r"\d+(?:\.\d)?", recipe.expected)
        assert tuple(numbers) in measured[recipe], recipe.name


def test_two_moons_expects_what_the_records_have(imported):
    runs = imported("evidence").moons_runs()
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


def test_the_default_weight_is_what_validation_says(imported):
    tables = imported("weight_tables")
    each = tables.means("supervised")
    for names, rows in (
        (["soft"], tables.SOFT),
        (["hard", "hard_expected"], tables.SAMPLED),
    ):
        overall = tables.overall(each, rows)
        best = max(overall, key=overall.get)
        for kind in map(feedback.KINDS.get, names):
            assert feedback.resolved_weight(kind, "cosine", True, None) == best


def test_a_gap_is_paired_and_its_interval_is_students(imported):
    gap = imported("over_seeds").gap
    ours = {0: 0.50, 1: 0.60, 2: 0.90}
    found = gap(ours, {0: 0.48, 1: 0.56, 3: 0.10})
    assert str(found) == "+3.0 (SE 1.0)"
    assert (found.better, found.number) == (2, 2)
    assert found.half_width == pytest.approx(12.706, abs=1e-3)
    assert gap(ours, {0: 0.48}) is None


def test_every_recipe_of_a_family_has_a_title_of_its_own(tables):
    for name in tables.FAMILIES:
        recipe = recipes.find(name)
        prefix = f"{recipe.data.dataset}_{recipe.data.num_labeled}"
        members = recipes.resolve(recipe)
        titles = {tables._title(m.name, prefix) for m in members}
        assert len(titles) == len(members), name


@pytest.fixture
def short(imported, monkeypatch, tmp_path):
    module = imported("short_tables")
    monkeypatch.setattr(module, "FIGURES", tmp_path)
    return module


def test_a_short_row_has_both_stages_and_differences(
    short, monkeypatch, tmp_path
):
    records = []
    for key, finetuned in (("supervised", 0.3), ("uda", 0.5), ("none", 0.4)):
        member = recipes.find(f"cifar10_4k_short_{key}")
        for seed, more in ((0, 0.0), (1, 0.04 if key == "uda" else 0.02)):
            made = record(member, seed, finetuned + more, ("train", "finetune"))
            made["stages"][0]["test_accuracy"] = 0.25
            made["curve"] = [
                {"stage": stage, "step": step, "seconds": 1.0 * step}
                | {"val_accuracy": 0.2}
                for stage, step in (("train", 1), ("train", 2), ("finetune", 3))
            ]
            records.append(made)
    stale = {**records[0], "fingerprint": "old", "seed": 7}
    monkeypatch.setattr(short, "read", lambda name: [stale, *records])
    lines = short.table().splitlines()
    assert lines[2] == (
        "| labels alone | 25.0 ± 0.0 |  | 31.0 ± 1.4 | -10.0 (SE 0.0) "
        "| -21.0 (SE 1.0) | 10 | 82.14 +- 0.25 |"
    )
    assert lines[4].startswith(
        "| student of a UDA teacher, no feedback | 25.0 ± 0.0 |  "
        "| 41.0 ± 1.4 |  | -11.0 (SE 1.0) |"
    )
    assert "over 2 seeds" in lines[-1]
    assert (tmp_path / "table2_short.png").stat().st_size > 10_000


def test_what_was_tried_says_what_was_taken(short, monkeypatch):
    recipe = recipes.find("cifar10_4k_short_uda")
    taken = f"method.confidence_threshold={recipe.method.confidence_threshold}"
    settings = short.table_rows.CANDIDATES[recipe.name]
    assert (taken,) in settings
    records = [
        {"recipe": recipe.name, "candidate": list(s), "val_accuracy": 0.5}
        for s in settings
    ]
    monkeypatch.setattr(short, "read", lambda name: records)
    lines = short.tuning_table().splitlines()[2 : 2 + len(settings)]
    assert [line for line in lines if "yes" in line] == [
        f"| UDA | `{taken}` | 50.0 % | yes |"
    ]


def test_survivals_are_counted_by_strategy(imported, monkeypatch):
    launch_tables = imported("launch_tables")
    kill = {"was_new": True, "was_writing": False}
    early = {**kill, "was_new": False}
    run = {"failed": "", "largest_difference": 0.0, "metrics_are_equal": True}
    lost = {
        "failed": "exit code 1",
        "largest_difference": None,
        "metrics_are_equal": False,
    }
    runs = [{**run, "kills": [kill, early]}, {**lost, "kills": [kill]}]
    shared = {
        "recipe": "topics_20",
        "overrides": ["train_steps=200"],
        "device": "CPU",
        "versions": {"tensorflow": "2", "keras": "3"},
        "commit": "c" * 40,
        "load": 4.2,
    }
    given = {"none": [], "mirrored:2": [{**run, "kills": [kill]}]}
    given = [*given.items(), ("none", runs)]
    records = [{"strategy": n, "runs": r, **shared} for n, r in given]
    monkeypatch.setattr(launch_tables, "read", lambda name: records)
    table = launch_tables.survival_table()
    assert "| one device | 3 | 1 | 0 | 2 | 1 | 0, bit for bit | differ" in table
    assert (
        "| two mirrored replicas | 1 | 0 | 0 | 1 | 0 | 0, bit for bit" in table
    )
    assert "200 steps each" in table
