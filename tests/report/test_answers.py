"""A table of answers is whole or not there, and is read again."""

import csv
import os

import pytest

from keras_mpl import data
from keras_mpl import report

NAMES = ("cat", 'a, "b"', "=1+1")


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_columns_names_and_probabilities(tmp_path):
    path = tmp_path / "answers.csv"
    with report.AnswersFile(path, NAMES, top=2) as file:
        assert not path.exists()
        file.add(str(tmp_path / "a.png"), (1, 0), (0.7, 0.1 + 0.2))
        file.add("/else/where.png", (2, 1), (1e-9, 0.25))
    assert read(path) == [
        ["path", "label", "probability", "label_2", "probability_2"],
        ["a.png", 'a, "b"', "0.7", "cat", "0.3"],
        ["/else/where.png", "=1+1", "1e-09", 'a, "b"', "0.25"],
    ]
    assert [one.name for one in tmp_path.iterdir()] == ["answers.csv"]


def test_classes_without_names_are_numbers(tmp_path):
    with report.AnswersFile(tmp_path / "answers.csv") as file:
        file.add("a.png", (7,), (0.5,))
    assert read(tmp_path / "answers.csv")[1][1:] == ["7", "0.5"]


def test_a_path_of_another_drive_is_absolute(tmp_path, monkeypatch):
    def commonpath(paths):
        raise ValueError("Paths don't have the same drive")

    monkeypatch.setattr(os.path, "commonpath", commonpath)
    with report.AnswersFile(tmp_path / "answers.csv") as file:
        file.add("/else/where.png", (7,), (0.5,))
    assert read(tmp_path / "answers.csv")[1][0] == "/else/where.png"


ODD = ["a, b.png", 'q"q.png', "new\nline.png", "=1.png", "-1.png", " a.png"]
ODD += ["ünï.png", "@x.png", "sub/+a.png", "back\\slash.png"]


def test_every_path_is_found_again(tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "out").mkdir()
    for name in ODD:
        (tmp_path / name).write_text("x")
    monkeypatch.chdir(tmp_path)
    for output in ("answers.csv", "out/answers.csv"):
        with report.AnswersFile(output) as file:
            for name in ODD:
                file.add(name, (0,), (1.0,))
        found = data.find_given([output])
        assert not found.missing
        assert [os.path.relpath(path) for path in found.paths] == ODD
        cells = [row[0] for row in read(tmp_path / output)[1:]]
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_answers_are_labels_of_another_training(tmp_path):
    said = {"a.png": 1, "b.png": 0, "sub/c.png": 1}
    (tmp_path / "sub").mkdir()
    with report.AnswersFile(tmp_path / "answers.csv", NAMES, top=2) as file:
        for name, label in said.items():
            (tmp_path / name).write_text("x")
            file.add(str(tmp_path / name), (label, 2), (0.9, 0.1))
    files = data.find_files(tmp_path / "answers.csv", is_labeled=True)
    found = {
        path.relative_to(tmp_path).as_posix(): files.class_names[label]
        for path, label in zip(files.paths, files.labels, strict=True)
    }
    assert found == {name: NAMES[label] for name, label in said.items()}


def test_an_error_leaves_the_old_answers_and_nothing_else(tmp_path):
    path = tmp_path / "answers.csv"
    with report.AnswersFile(path) as file:
        file.add("a.png", (0,), (1.0,))
    before = path.read_bytes()

    def fail():
        with report.AnswersFile(path) as file:
            file.add("b.png", (0,), (1.0,))
            raise ValueError("later")

    with pytest.raises(ValueError, match="later"):
        fail()
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["answers.csv"]


def test_after_an_interrupt_the_answers_so_far_are_named(tmp_path):
    path = tmp_path / "answers.csv"

    def interrupt():
        with report.AnswersFile(path) as file:
            file.add(str(tmp_path / "b.png"), (0,), (1.0,))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"for 1 images.*csv\.partial"):
        interrupt()
    assert not path.exists()
    assert len(read(tmp_path / "answers.csv.partial")) == 2


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("answers.txt", "must end in .csv"),
        ("folder.csv", "must end in .csv"),
        ("none/answers.csv", "a folder that exists"),
        ("labels.csv", "must be new, or answers"),
        ("empty.csv", "must be new, or answers"),
    ],
)
def test_no_other_file_is_replaced(tmp_path, name, words):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "labels.csv").write_text("path,label\na.png,cat\n")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ValueError, match=f"`output` must .*{words}|{words}"):
        report.AnswersFile(tmp_path / name)
    assert (tmp_path / "labels.csv").read_text() == "path,label\na.png,cat\n"


def test_a_partial_file_that_is_a_link_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "answers.csv.partial").symlink_to(victim)
    with report.AnswersFile(tmp_path / "answers.csv") as file:
        file.add("a.png", (0,), (1.0,))
    assert victim.read_text() == "mine"
