"""The curve over length is shown as far as there are records."""

import pytest

from benchmarks.accuracy import length
from benchmarks.accuracy import length_rows
from benchmarks.accuracy import unseen_labels
from benchmarks.accuracy.length_rows import Run
from benchmarks.common import folders
from benchmarks.replication import collect
from benchmarks.tables import length_figures
from benchmarks.tables import length_records
from benchmarks.tables import length_tables
from benchmarks.tables import unseen_labels_table

WHERE = {
    "device": "CPU",
    "versions": {"tensorflow": "2", "keras": "3"},
    "commit": "c" * 40,
}


def record(steps, row, seed, accuracy, teacher=None, weight=None):
    run = Run(steps, row, seed, weight)
    trained = {
        "stage": "train",
        "test_accuracy": accuracy - 0.01,
        "test_teacher_accuracy": teacher,
    }
    return {
        "length": steps,
        "seed": seed,
        "fingerprint": run.recipe.fingerprint(),
        "test_accuracy": accuracy,
        "processor_seconds": None if seed else 900.0,
        "stages": [trained],
        **WHERE,
    }


@pytest.fixture
def shown(monkeypatch, tmp_path):
    """Returns the table of records, which draws into the test's folder."""
    monkeypatch.setattr(folders, "FIGURES", tmp_path)

    def shown(records, tuned=(), jax=None, is_drawn=False):
        files = {
            length.NAME: records,
            length.TUNING: list(tuned),
            collect.NAME: jax or [],
            collect.TUNING: list(tuned),
        }
        monkeypatch.setattr(length_records, "read", lambda name: files[name])
        if not is_drawn:
            monkeypatch.setattr(length_figures, "draw", lambda *runs: None)
        if jax is not None:
            return length_tables.table_in_jax()
        return length_tables.table()

    return shown


def line(table, start):
    [found] = [x for x in table.splitlines() if x.startswith(f"| {start} |")]
    return found


def test_a_row_is_compared_with_its_teacher_no_feedback_and_uda(shown):
    records = [
        record(3000, "uda", 0, 0.60),
        record(3000, "uda", 1, 0.62),
        record(3000, "none", 0, 0.50, 0.58),
        record(3000, "none", 1, 0.50, 0.60),
        record(3000, "exact", 0, 0.53, 0.60),
        record(3000, "exact", 1, 0.51, 0.60),
        {**record(3000, "exact", 2, 0.99, 0.1), "fingerprint": "old"},
    ]
    found = line(shown(records), "feedback of Eq. 3")
    assert found == (
        "| feedback of Eq. 3 | 51.0 ± 1.4 | 60.0 ± 0.0 | 52.0 ± 1.4 "
        "| -8.0 (SE 1.0) | +2.0 (SE 1.0) | -9.0 (SE 2.0) | 105 | 900 | 2 |"
    )


def in_jax(steps, row, seed, accuracy, teacher=None, weight=None):
    """A record as `benchmarks.replication.collect` writes it."""
    made = record(steps, row, seed, accuracy, teacher, weight)
    del made["fingerprint"], made["processor_seconds"]
    versions = {"jax": "0.11", "python": "3.12"}
    made |= {"row": row, "weight": weight}
    return {**made, "device": "GPU", "versions": versions}


def test_rows_in_jax_are_compared_with_the_labels_too_and_drawn(
    shown, tmp_path
):
    records = [
        in_jax(3000, "supervised", 0, 0.60),
        in_jax(3000, "supervised", 1, 0.64),
        in_jax(3000, "uda", 0, 0.60),
        in_jax(3000, "uda", 1, 0.62),
        in_jax(3000, "none", 0, 0.50, 0.58),
        in_jax(3000, "none", 1, 0.50, 0.60),
        in_jax(3000, "exact", 0, 0.53, 0.60),
        in_jax(3000, "exact", 1, 0.51, 0.60),
    ]
    package = [
        record(3000, "exact", 0, 0.50, 0.6),
        record(3000, "exact", 1, 0.52, 0.6),
        record(3000, "exact", 2, 0.90, 0.6),
    ]
    table = shown(package, jax=records, is_drawn=True)
    assert line(table, "feedback of Eq. 3") == (
        "| feedback of Eq. 3 | 51.0 ± 1.4 | 60.0 ± 0.0 | 52.0 ± 1.4 "
        "| -8.0 (SE 1.0) | +2.0 (SE 1.0) | -9.0 (SE 2.0) | -10.0 (SE 3.0) | 2 |"
    )
    assert "In the 2 runs that the package has made too" in table
    assert "are +1.0 points (SE 2.0) from the package's" in table
    assert "+1.0 in the median and -1.0 to +3.0" in table
    assert "GPU; JAX 0.11; commit cccccccccc" in table
    for name in ("length.png", "length_costs.png"):
        assert (tmp_path / name).stat().st_size > 10_000


def test_a_difference_of_fewer_seeds_says_of_how_many(shown):
    records = [in_jax(1000, "uda", seed, 0.6) for seed in (0, 1)]
    records += [in_jax(1000, "fixmatch", seed, 0.5) for seed in (0, 1, 2)]
    found = line(shown([], jax=records), "FixMatch")
    assert "| -10.0 (SE 0.0, 2 seeds) |" in found
    assert found.endswith("| 3 |")


def test_the_default_kind_in_jax_counts_at_the_chosen_weight(shown):
    tuned = [
        {
            "row": "default",
            "seed": seed,
            "weight": weight,
            "val_accuracy": accuracy,
        }
        for seed, weight, accuracy in (
            *((100, 0.03, 0.6), (100, 0.1, 0.5), (100, 0.3, 0.4)),
            (101, 0.3, 0.99),  # which is not of the search
        )
    ]
    records = [
        in_jax(1000, "default", 0, 0.53, 0.60, weight=0.3),
        in_jax(1000, "default", 0, 0.43, 0.60, weight=0.03),
    ]
    table = shown([], tuned, jax=records)
    assert "| 43.0 |" in line(table, "feedback, default kind")
    assert "weight, 0.03, is the best on validation" in table


def test_without_a_run_of_the_package_nothing_is_said_to_agree(shown):
    records = [in_jax(1000, "uda", 0, 0.6), in_jax(1000, "uda", 1, 0.6)]
    assert "no such run to compare" in shown([], jax=records)
    assert shown([], jax=[]) == length_tables.NOTHING


def test_a_difference_of_one_seed_has_no_error_and_says_so(shown):
    records = [
        record(3000, "none", 0, 0.50, 0.58),
        record(3000, "exact", 0, 0.53, 0.60),
    ]
    table = shown(records)
    assert "| +3.0 (one seed) |" in line(table, "feedback of Eq. 3")
    missing = table.partition("**Not finished yet**")[2]
    of_length = missing.partition("3,000 steps: ")[2].partition(";")[0]
    assert "UDA 3, " in of_length
    assert "feedback of Eq. 3 2, " in of_length


def test_seconds_of_a_slower_processor_are_left_out(shown):
    slow = {"processor_seconds": 5000.0, "has_avx512": False}
    records = [
        {**record(1000, "uda", 0, 0.60), **slow},
        {**record(3000, "uda", 0, 0.60), "has_avx512": True},
        {**record(3000, "uda", 1, 0.62), **slow},
    ]
    lines = shown(records).splitlines()
    cells = [x.split(" | ")[-2] for x in lines if x.startswith("| UDA |")]
    assert cells == ["", "900"]


def test_the_default_kind_is_shown_at_the_weight_that_was_chosen(shown):
    tuned = [
        {
            "row": "default",
            "seed": 100,
            "weight": weight,
            "val_accuracy": accuracy,
        }
        for weight, accuracy in ((0.03, 0.5), (0.1, 0.6), (0.3, 0.55))
    ]
    records = [
        record(3000, "default", 0, 0.53, 0.60, weight=0.1),
        record(3000, "default", 1, 0.99, 0.60, weight=0.3),
    ]
    table = shown(records, tuned)
    assert "| 53.0 |" in line(table, "feedback, default kind")
    assert "weight, 0.1, is the best on validation" in table


def test_a_curve_that_is_complete_says_so(shown):
    records = [
        record(run.length, run.row, run.seed, 0.5, 0.5)
        for run in length_rows.planned()
        if run.row != "default"
    ]
    tuned = [
        {"row": "default", "seed": 100, "weight": weight, "val_accuracy": 0.5}
        for weight in length_rows.WEIGHTS["default"]
    ]
    default = [
        record(run.length, run.row, run.seed, 0.5, 0.5, weight=0.03)
        for run in length_rows.planned()
        if run.row == "default"
    ]
    assert "Not finished" in shown(records, tuned)
    assert "All planned runs are there." in shown([*records, *default], tuned)


def test_without_a_record_the_table_says_so(shown):
    assert shown([]) == length_tables.NOTHING


def test_the_teacher_without_labels_is_compared_with_feedback(monkeypatch):
    def made(row, seed, accuracy, labels=10):
        run = unseen_labels.Run(labels, row, 5.0)
        return {
            "stage": "test",
            **run._asdict(),
            "seed": seed,
            "accuracy": accuracy,
            "teacher_accuracy": accuracy / 2,
            "settings": list(run.settings),
            **WHERE,
        }

    records = [
        made("feedback", 0, 0.6),
        made("feedback", 1, 0.8),
        made("none", 0, 0.1),
        made("none", 1, 0.1),
        {**made("none", 2, 0.9), "settings": ["old"]},
    ]
    monkeypatch.setattr(unseen_labels_table, "read", lambda name: records)
    table = unseen_labels_table.table()
    assert line(table, "no feedback") == (
        "| no feedback | 10 | 10.0 ± 0.0 | 5.0 ± 0.0 "
        "| +60.0 (SE 10.0) | +30.0 (SE 5.0) | 2 |"
    )
    assert "10 labels, the credit of another example (24 of 24)" in table
