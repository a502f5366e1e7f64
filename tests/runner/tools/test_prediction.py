"""Files, folders and patterns are classified, and the answers read again."""

import csv

import numpy as np
import pytest
from PIL import Image

from keras_mpl import cli
from keras_mpl import data
from keras_mpl import report
from keras_mpl import runner
from keras_mpl.runner.building import assembly
from keras_mpl.runner.tools import evaluation
from keras_mpl.runner.tools import prediction

COUNT = 7


@pytest.fixture(name="photos")
def fixture_photos(tmp_path, monkeypatch):
    """Seven digits in two folders, a text, and a broken image between them."""
    monkeypatch.chdir(tmp_path)
    images, _ = data.digits()
    for i in range(COUNT):
        path = tmp_path / "photos" / ("a", "b b")[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.round(images[i, ..., 0] * 255).astype("uint8")
        Image.fromarray(pixels).save(path)
    (tmp_path / "photos" / "notes.txt").write_text("x")
    return tmp_path / "photos"


def probs_of(run, photos):
    recipe, _ = evaluation.recorded.origin(run)
    paths = sorted(photos.rglob("*.png"))
    inputs = evaluation.inputs_of(recipe, paths, size=8, channels=1)
    temperature = report.read_temperature(run) or 1.0
    student = evaluation.load_student(run)
    return assembly.probs(student, inputs, temperature=temperature)


def said(err):
    """The lines of an error output, without that on the temperature."""
    lines = err.splitlines()
    return [line for line in lines if "calibrated" not in line]


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("size", [2, 3, 500])
def test_batches_change_neither_order_nor_answers(
    result, photos, monkeypatch, size
):
    shown = []

    def probs(network, inputs, **options):
        shown.append(len(inputs))
        return plain(network, inputs, **options)

    plain = assembly.probs
    expected = probs_of(result.folder, photos)
    (photos / "a" / "3.png").write_bytes(b"broken")  # between the others
    monkeypatch.setattr(assembly, "batch_size", lambda *shapes: size)
    monkeypatch.setattr(assembly, "probs", probs)
    found = runner.Predictions(result.folder, ["photos"], top=10)
    answers = list(found)
    assert (found.total, found.ignored) == (COUNT + 1, {".txt": 1})
    assert sum(shown) == COUNT
    assert max(shown) <= size
    assert len(shown) == -(-COUNT // size)
    unread = answers.pop(2)
    assert isinstance(unread, runner.Unread)
    assert unread == ("photos/a/3.png", "no image, or of an unknown format")
    paths = [f"photos/a/{i}.png" for i in (0, 2, 4, 6)]
    paths += [f"photos/b b/{i}.png" for i in (1, 3, 5)]
    assert [answer.path for answer in answers] == paths
    for answer, row in zip(answers, expected, strict=True):
        assert answer.labels[0] == row.argmax()
        assert answer.probs == tuple(sorted(answer.probs, reverse=True))
        np.testing.assert_allclose(row[list(answer.labels)], answer.probs, 1e-5)


def test_files_in_memory_are_a_few_batches_of_many(result, photos, monkeypatch):
    begun = []

    def pixels(self, path):
        begun.append(path)
        return np.zeros((8, 8, 1), "uint8")

    monkeypatch.setattr(assembly, "batch_size", lambda *shapes: 4)
    monkeypatch.setattr(prediction.Predictions, "_pixels", pixels)
    files = [str(photos / "a" / "0.png")] * 1000
    found = iter(runner.Predictions(result.folder, files))
    for _ in range(10):
        next(found)
    assert len(begun) <= 10 + 4 * 4
    found.close()


@pytest.mark.parametrize("words", [["photos"], ["photos/*/*.png"]])
def test_answers_are_written_and_read_again(result, photos, capsys, words):
    run, expected = str(result.folder), probs_of(result.folder, photos)
    assert cli.main(["predict", run, *words, "--output", "answers.csv"]) == 0
    out, err = capsys.readouterr()
    assert out == "answers.csv: 7 images\n"
    is_folder = words == ["photos"]
    assert said(err) == (["keras-mpl: ignored: 1 .txt"] if is_folder else [])
    first = rows("answers.csv")
    assert [row["label"] for row in first] == [
        str(row.argmax()) for row in expected
    ]
    found = [np.float32(row["probability"]) for row in first]
    assert found == expected.max(-1).tolist()
    again = ["answers.csv", "--output", "again.csv", "--top", "3"]
    assert cli.main(["predict", run, *again]) == 0
    assert [row["path"] for row in rows("again.csv")] == [
        row["path"] for row in first
    ]
    third = np.argsort(-expected, -1, "stable")[:, 2]
    assert [row["label_3"] for row in rows("again.csv")] == [*map(str, third)]


def test_good_answers_are_written_where_others_cannot_be_read(
    result, photos, capsys
):
    (photos / "bad.png").write_bytes(b"broken")
    words = ["photos", "no*.png", "--output", "answers.csv"]
    assert cli.main(["predict", str(result.folder), *words]) == 1
    out, err = capsys.readouterr()
    assert out == "answers.csv: 7 images\n"
    assert len(rows("answers.csv")) == COUNT
    assert said(err) == [
        "keras-mpl: ignored: 1 .txt",
        "keras-mpl: not read: no*.png (no image has a name of this pattern)",
        "keras-mpl: not read: photos/bad.png "
        "(no image, or of an unknown format)",
    ]


def test_without_any_answer_nothing_is_written(result, photos, capsys):
    words = ["nothing/*", "none.png", "--output", "answers.csv"]
    assert cli.main(["predict", str(result.folder), *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "nothing/* (no image has a name of this pattern)" in err
    assert not list(photos.parent.glob("*.csv*"))


def test_the_best_classes_are_printed(result, photos, capsys):
    words = ["photos/a/0.png", "--top", "2"]
    assert cli.main(["predict", str(result.folder), *words]) == 0
    out = capsys.readouterr().out
    [row] = probs_of(result.folder, photos)[:1]
    first, second = np.argsort(-row, kind="stable")[:2]
    assert out == (
        f"photos/a/0.png  class {first}  probability {row[first]:.3f}"
        f"  then {second} {row[second]:.3f}\n"
    )


@pytest.mark.parametrize("top", [0, 11])
def test_top_is_a_number_of_classes(result, photos, top):
    with pytest.raises(ValueError, match=r"`top` must be from 1 to 10.*top="):
        runner.Predictions(result.folder, ["photos"], top=top)


def test_a_single_path_is_one(result, photos):
    assert len(runner.predict(result.folder, "photos")) == COUNT
    [(path, *_)] = runner.predict(result.folder, photos / "a" / "0.png")
    assert path == str(photos / "a" / "0.png")
