"""The short rows show both stages, and what was tried."""

from benchmarks.accuracy import table_rows
from benchmarks.common import folders
from benchmarks.tables import short_rows
from benchmarks.tables import short_tables
from keras_mpl import recipes
from tests.benchmarks.made_records import finished


def test_a_short_row_has_both_stages_and_differences(monkeypatch, tmp_path):
    monkeypatch.setattr(folders, "FIGURES", tmp_path)
    records = []
    for key, finetuned in (("supervised", 0.3), ("uda", 0.5), ("none", 0.4)):
        member = recipes.find(f"cifar10_4k_short_{key}")
        for seed, more in ((0, 0.0), (1, 0.04 if key == "uda" else 0.02)):
            made = finished(
                member, seed, finetuned + more, ("train", "finetune")
            )
            made["stages"][0]["test_accuracy"] = 0.25
            made["curve"] = [
                {"stage": stage, "step": step, "seconds": 1.0 * step}
                | {"val_accuracy": 0.2}
                for stage, step in (("train", 1), ("train", 2), ("finetune", 3))
            ]
            records.append(made)
    stale = {**records[0], "fingerprint": "old", "seed": 7}
    monkeypatch.setattr(short_rows, "read", lambda name: [stale, *records])
    lines = short_tables.table().splitlines()
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


def test_what_was_tried_says_what_was_taken(monkeypatch):
    recipe = recipes.find("cifar10_4k_short_uda")
    taken = f"method.confidence_threshold={recipe.method.confidence_threshold}"
    settings = table_rows.CANDIDATES[recipe.name]
    assert (taken,) in settings
    records = [
        {"recipe": recipe.name, "candidate": list(s), "val_accuracy": 0.5}
        for s in settings
    ]
    monkeypatch.setattr(short_tables, "read", lambda name: records)
    lines = short_tables.tuning_table().splitlines()[2 : 2 + len(settings)]
    assert [line for line in lines if "yes" in line] == [
        f"| UDA | `{taken}` | 50.0 % | yes |"
    ]
