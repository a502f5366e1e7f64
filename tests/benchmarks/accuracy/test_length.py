"""The rows of the curve over length differ in what they say, and are kept."""

import pytest

from benchmarks.accuracy import length
from benchmarks.accuracy import length_rows
from benchmarks.accuracy.length_rows import Run
from keras_mpl import recipes


def settings(row, steps=3000):
    return recipes.settings(Run(steps, row, 0).recipe)


@pytest.mark.parametrize("row", ["none", "exact", "default", "exact_labels"])
def test_a_teacher_is_as_consistent_as_uda(row):
    ours, uda = settings(row), settings("uda")
    for key in (
        "confidence_threshold",
        "consistency_ramp_steps",
        "consistency_weight",
        "ema_decay",
        "temperature",
        "threshold_on",
        "weak_view",
    ):
        assert ours[f"method.{key}"] == uda[f"method.{key}"], key
    assert ours["teacher.peak_lr"] == uda["student.peak_lr"]


@pytest.mark.parametrize(
    ("row", "without"), [("exact", "none"), ("exact_labels", "none_labels")]
)
def test_a_row_differs_from_no_feedback_in_the_feedback_alone(row, without):
    ours, theirs = settings(row), settings(without)
    differing = {k for k in ours if ours[k] != theirs.get(k)}
    assert differing - {"name", "summary", "source", "expected"} == {
        "method.feedback",
        "method.feedback_scale",
        "method.feedback_centering",
        "method.feedback_weight",
    }


def test_the_schedule_follows_the_length_and_the_finetuning_does_not():
    short, long = settings("exact", 1000), settings("exact", 10_000)
    for key in ("train_steps", "student.warmup_steps", "teacher.warmup_steps"):
        assert long[key] == 10 * short[key]
    assert long["stages.finetune_steps"] == short["stages.finetune_steps"]


def tuned(**accuracies):
    return [
        {"row": "default", "weight": float(weight), "val_accuracy": accuracy}
        for weight, accuracy in accuracies.items()
    ]


def test_a_row_waits_for_the_search_of_its_weight():
    part = tuned(**{"0.03": 0.5, "0.1": 0.6})
    before = list(length_rows.plan(part))
    assert all(run.is_tuning for run in before if run.row == "default")
    assert {run.weight for run in before} == {None, 0.03, 0.1, 0.3}
    after = list(length_rows.plan([*part, *tuned(**{"0.3": 0.6})]))
    reported = [r for r in after if r.row == "default" and not r.is_tuning]
    assert {run.weight for run in reported} == {0.1}  # the smaller of equals
    assert {run.length for run in reported} == set(length_rows.LENGTHS)


def test_what_answers_soonest_comes_first_and_all_lengths_follow():
    runs = length_rows.planned()
    assert [r.row for r in runs[:4]] == ["supervised", "uda", "none", "exact"]
    assert len(set(runs)) == len(runs)
    three = [r for r in runs if r.length == 3000]
    assert len(three) == 3 * len(length_rows.ROWS)


@pytest.fixture
def kept(monkeypatch):
    """What is appended, by results file."""
    files = {}
    monkeypatch.setattr(length, "read", lambda name: files.get(name, []))
    monkeypatch.setattr(
        length,
        "append",
        lambda name, rows: files.setdefault(name, []).extend(rows),
    )
    return files


def test_a_run_is_made_once_and_its_search_looks_at_no_test_image(
    kept, monkeypatch, tmp_path
):
    search = Run(3000, "default", 100, 0.1, is_tuning=True)
    report = Run(3000, "default", 0, 0.1)
    made = []

    def run_or_resume(recipe, seed, folder):
        made.append((recipe.data.dir, recipe.stages.finetune_steps, seed))
        folder.mkdir()
        (folder / "config.json").write_text('{"onednn": true}')
        found = {"fingerprint": recipe.fingerprint(), "seed": seed}
        found |= {"val_accuracy": 0.5, "test_accuracy": 0.4, "stages": []}
        return found

    monkeypatch.setattr(length, "run_or_resume", run_or_resume)
    monkeypatch.setattr(length_rows, "plan", lambda tuned: (search, report))
    assert length.make_next(tmp_path / "runs", "images")
    assert length.make_next(tmp_path / "runs", "images")
    assert not length.make_next(tmp_path / "runs", "images")
    assert made == [("images", 0, 100), ("images", 100, 0)]
    [tried], [found] = kept[length.TUNING], kept[length.NAME]
    assert not [k for k in tried if k.startswith("test_") or k == "stages"]
    assert (tried["row"], tried["weight"]) == ("default", 0.1)
    assert found["test_accuracy"] == 0.4
    assert found["processor_seconds"] is not None


def test_a_run_that_was_resumed_has_no_processor_seconds(monkeypatch, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    monkeypatch.setattr(length, "run_or_resume", lambda *_: {})
    run = Run(3000, "uda", 0)
    assert length.measured(run, tmp_path, None)["processor_seconds"] is None
