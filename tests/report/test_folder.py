"""The run folder is never overwritten, and its JSON files come back."""

import json
import subprocess

import pytest

from keras_mpl import report
from keras_mpl.report import folder as folders


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


def test_records_of_steps_to_be_repeated_are_dropped(tmp_path):
    path = tmp_path / "metrics.jsonl"
    records = [
        {"recipe": r, "stage": "train", "step": s, "seconds": 1.5}
        for r in "ab"
        for s in (3, 6)
    ]
    path.write_text("".join(json.dumps(r) + "\n" for r in records) + '{"rec')
    report.drop_records(tmp_path, "b", after_step=3)
    assert report.read_records(tmp_path) == records[:3]


def test_class_names_come_back_in_order_in_any_alphabet(tmp_path):
    names = ("cat", "d o g", "été", "2")
    report.write_labels(tmp_path, names)
    assert (tmp_path / "labels.txt").read_bytes().count(b"\n") == 4
    assert report.read_labels(tmp_path) == names


def test_classes_without_names_have_no_file(tmp_path):
    report.write_labels(tmp_path, ())
    assert list(tmp_path.iterdir()) == []
    assert report.read_labels(tmp_path) == ()


def test_labels_that_are_not_text_are_one_line(tmp_path):
    (tmp_path / "labels.txt").write_bytes(b"\xff\n")
    with pytest.raises(ValueError, match=r"readable labels\.txt") as raised:
        report.read_labels(tmp_path)
    assert "\n" not in str(raised.value)
