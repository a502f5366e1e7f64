"""The record, the tables and the pictures of a run."""

import json
import subprocess

import numpy as np
import pytest

from keras_mpl import report
from keras_mpl.report import figures
from keras_mpl.report import folder as folders

NAMES = ("a_supervised", "a_none", "a")


def _records(steps=(10, 20), networks=("", "student_", "teacher_")):
    return [
        {"recipe": name, "step": step, "seconds": 1.0}
        | {f"val_{network}accuracy": 0.5 for network in networks}
        for name in NAMES
        for step in steps
    ]


def test_default_folders_count_up_and_skip_what_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = [str(report.create_folder(None, "a")) for _ in range(2)]
    (tmp_path / "runs" / "a-7").mkdir()
    made.append(str(report.create_folder(None, "a")))
    made.append(str(report.create_folder(None, "a_b")))
    assert made == ["runs/a-1", "runs/a-2", "runs/a-8", "runs/a_b-1"]


def test_a_folder_with_something_in_it_is_never_used(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(ValueError, match="never overwritten"):
        report.create_folder(tmp_path, "a")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_new_and_empty_folders_are_taken(tmp_path):
    deep = tmp_path / "x" / "y"
    assert report.create_folder(deep, "a") == deep
    assert report.create_folder(str(deep), "a") == deep


@pytest.mark.parametrize("below", ["file", "/proc"])
def test_output_that_cannot_be_written_is_one_line(tmp_path, below):
    (tmp_path / "file").write_text("")
    output = tmp_path / below / "run"
    with pytest.raises(ValueError, match="can be written") as e:
        report.create_folder(output, "a")
    assert str(output) in str(e.value)
    assert "\n" not in str(e.value)


def test_json_comes_back_and_nan_never_goes_in(tmp_path):
    report.write_json(tmp_path / "x.json", {"a": [1, None]})
    assert report.read_json(tmp_path, "x.json") == {"a": [1, None]}
    with pytest.raises(ValueError, match="not JSON compliant"):
        report.write_json(tmp_path / "y.json", float("nan"))


def test_reading_what_is_no_run_folder_says_so(tmp_path):
    with pytest.raises(ValueError, match=r"finished run, with config\.json"):
        report.read_json(tmp_path, "config.json")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ValueError, match=r"readable config\.json"):
        report.read_json(tmp_path, "config.json")


def test_metrics_log_writes_steps_and_strict_json(tmp_path):
    log = report.MetricsLog(tmp_path, "a", eval_every_steps=50)
    log.on_train_begin()
    log.on_epoch_end(0, {"val_accuracy": np.float32(0.1), "val_loss": np.nan})
    log.on_epoch_end(1, {"val_accuracy": 0.25, "val_loss": 1.0})
    log.on_train_end()
    first, second = report.read_records(tmp_path)
    assert (first["recipe"], first["step"], second["step"]) == ("a", 50, 100)
    assert (first["val_accuracy"], first["val_loss"]) == (0.1, None)
    assert 0 < first["seconds"] <= second["seconds"]
    assert list((tmp_path / "tensorboard" / "a").iterdir())


def test_code_version_is_that_of_the_package_not_of_whoever_holds_it(tmp_path):
    def git(*words):
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", "-C", tmp_path, *who, *words], check=True)

    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "a")
    none = {"commit": None, "dirty": None}
    assert folders.code_version(package) == none
    git("add", ".")
    git("commit", "-q", "-m", "b")
    version = folders.code_version(package)
    assert len(version["commit"]) == 40
    assert version["dirty"] is False
    (package / "__init__.py").write_text("x = 1")
    assert folders.code_version(package)["dirty"] is True


@pytest.mark.parametrize(
    ("networks", "lines"),
    [(("", "student_", "teacher_"), 3), (("", "student_"), 2)],
)
def test_curves_show_every_recipe_and_network_and_the_chance_level(
    networks, lines
):
    figure = report.curves(_records(networks=networks), "a", num_classes=4)
    left, right = figure.axes
    legends = [
        [text.get_text() for text in axes.get_legend().get_texts()]
        for axes in (left, right)
    ]
    assert legends[0] == [f"{name}: 50.0 %" for name in NAMES]
    assert len(legends[1]) == lines
    for axes in (left, right):
        assert "steps" in axes.get_xlabel()
        assert [text.get_text() for text in axes.texts] == ["chance, 25 %"]
    colors = [line.get_color() for line in left.get_lines()]
    assert len(set(colors)) == len(colors) == 4


def test_samples_mark_what_is_wrong():
    images = np.zeros((9, 8, 8, 1), np.float32)
    labels = np.arange(9)
    student = np.where(labels == 3, 7, labels)
    teacher = np.where(labels == 4, 0, labels)
    figure = report.samples(
        images, labels, {"teacher": teacher, "student": student}, title="t"
    )
    marked = {
        (i, text.get_text())
        for i, axes in enumerate(figure.axes)
        for text in axes.texts
        if text.get_color() == figures.ORANGE
    }
    assert marked == {(3, "student 7 ✗"), (4, "teacher 0 ✗")}
    assert figure.axes[3].spines["left"].get_edgecolor()[0] > 0.8
    assert not figure.axes[9].axison


def test_figures_are_drawn_without_pyplot_and_without_missing_glyphs(
    tmp_path,
):
    images = np.zeros((2, 8, 8, 3), np.float32)
    wrong = {"student": np.ones(2)}
    report.samples(images, np.zeros(2), wrong, title="t").savefig(
        tmp_path / "samples.png"
    )
    report.curves(_records(), "a", num_classes=10).savefig(
        tmp_path / "curves.png"
    )
    for name in ("samples.png", "curves.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_page_says_what_how_well_and_how_to_do_it_again():
    row = {
        "recipe": "a",
        "test_accuracy": 0.8,
        "test_student_accuracy": 0.75,
        "test_teacher_accuracy": None,
        "val_accuracy": 0.7,
        "seconds": 12.3,
    }
    recipe = {"name": "a", "summary": "x", "expected": ".9"}
    recipe |= {"data": {"num_test": 400, "num_labeled": 20}}
    recipe["data"]["num_validation"] = 5
    recipe |= {"model": {"network": "x"}}
    recipe |= {"method": {"name": "mpl", "feedback": "soft"}}
    recipe |= {"train_steps": 10, "batch_size": 10, "unlabeled_ratio": 7}
    config = {
        "recipe": recipe,
        "baselines": [],
        "seed": 3,
        "overrides": ["views.strong=a b"],
        "split": {"name": "a@20/3", "fingerprint": "f", "num_unlabeled": 9},
        "versions": {"keras": "3"},
        "commit": None,
        "dirty": None,
        "device": "CPU",
        "inputs": "image",
        "picture": "Test images",
        "precision": "float32",
    }
    staged = {
        **row,
        "recipe": "b",
        "stages": [
            {**row, "stage": "train"},
            {**row, "stage": "finetune", "test_accuracy": 0.9, "seconds": 4},
        ],
    }
    result = {"rows": [staged, row], "wall_clock_seconds": 61.0}
    page = report.page(config, json.loads(json.dumps(result)))
    assert "| a | 80.0 % | 75.0 % |  | 70.0 % | 12 |" in page
    assert "standard error of 2.0 points" in page
    assert "keras-mpl run a --seed 3 --set 'views.strong=a b'" in page
    assert "took 61 s on CPU" in page
    elsewhere = report.page({**config, "strategy": "mirrored:2"}, result)
    assert "'views.strong=a b' --strategy mirrored:2\n" in elsewhere
    assert "Expected, without the overrides: .9." in page
    assert report.summary(result).splitlines()[2].split()[:2] == ["a", "80.0"]
    assert "| b, finetune | 90.0 % | 75.0 % |  | 70.0 % | 4 |" in page
    assert "samples.png" in page
    assert "top-5" not in page
    row |= {"test_top_5_accuracy": 0.95, "test_real_accuracy": 0.85}
    page = report.page(config, json.loads(json.dumps(result)))
    assert "| recipe | averaged student | top-5 | ReaL | student |" in page
    assert "| a | 80.0 % | 95.0 % | 85.0 % | 75.0 % |  | 70.0 % | 12 |" in page
    assert "| b | 80.0 % |  |  | 75.0 % |" in page
    table = report.page({**config, "inputs": "other", "picture": None}, result)
    assert "samples.png" not in table
    assert "keras-mpl predict" not in table
