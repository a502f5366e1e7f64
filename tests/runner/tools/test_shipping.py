"""A run's student in another program: the file, its names, its card."""

import json
import re

import keras
import numpy as np
import pytest
from PIL import Image

from keras_mpl import cli
from keras_mpl import models
from keras_mpl import runner
from keras_mpl.runner.tools import evaluation
from tests.runner import forged

NAMES = [f"sort_{i} <b>" for i in range(10)]


@pytest.fixture(name="run")
def fixture_run(tmp_path):
    """A finished run; its student takes pixels, and its classes have names."""
    folder = forged.write(tmp_path / "run")
    names = folder / "labels.txt"
    names.write_text("".join(f"{name}\n" for name in NAMES))
    pixels = models.Pixels()
    models.export(forged.student(), folder / "student.keras", pixels=pixels)
    return folder


def picture(path, size=(21, 30)):
    pixels = np.random.default_rng(0).integers(0, 256, size, "uint8")
    Image.fromarray(pixels).save(path)
    return pixels


def code_of(page):
    return re.findall(r"```python\n(.*?)```", page, re.S)


def test_the_card_shows_how_to_use_the_file(run, tmp_path, monkeypatch, capsys):
    found = runner.export(run)
    assert found.path == run / "export" / "keras" / "student.keras"
    assert sorted(x.name for x in found.path.parent.iterdir()) == [
        "MODEL_CARD.md",
        "labels.txt",
        "student.keras",
    ]
    assert models.read_class_names(found.path) == tuple(NAMES)
    card = (found.path.parent / "MODEL_CARD.md").read_text()
    monkeypatch.chdir(found.path.parent)
    picture(found.path.parent / "photo.jpg")
    capsys.readouterr()
    for code in code_of(card):
        exec(compile(code, "MODEL_CARD.md", "exec"), {})
    [(_, label, _)] = runner.predict(run, ["photo.jpg"])
    assert capsys.readouterr().out.splitlines()[-1] == NAMES[label]


def test_predict_gives_the_answers_of_the_file_to_the_last_digit(run, tmp_path):
    pixels = picture(tmp_path / "a.png", (8, 8))
    [(_, label, prob)] = runner.predict(run, [tmp_path / "a.png"])
    path = runner.export(run, softmax=True).path
    student = keras.models.load_model(path)
    probs = np.asarray(student(pixels[None, ..., None]))[0]
    assert (label, prob) == (probs.argmax(), float(probs.max()))


def test_a_run_of_old_whose_student_is_the_network_alone_is_read(run, tmp_path):
    pixels = picture(tmp_path / "a.png")
    network = evaluation.load_student(run)
    of_now = runner.predict(run, [tmp_path / "a.png"])
    models.export(network, run / "student.keras")
    assert evaluation.load_student(run).input_shape == network.input_shape
    assert runner.predict(run, [tmp_path / "a.png"]) == of_now
    student = keras.models.load_model(runner.export(run, softmax=True).path)
    [(_, label, prob)] = of_now
    probs = student.predict(pixels[None, ..., None], verbose=0)[0]
    assert (probs.argmax(), probs.max()) == (label, pytest.approx(prob, 1e-3))


def test_the_command_prints_the_largest_difference(run, tmp_path, capsys):
    output = tmp_path / "mine.keras"
    words = ["export", str(run), "--softmax", "--output", str(output)]
    assert cli.main(words) == 0
    out = capsys.readouterr().out
    assert str(output) in out
    assert re.search(r"largest difference of its answers on 6 inputs is 0", out)
    card = (tmp_path / "MODEL_CARD.md").read_text()
    assert "probabilities, float32, of shape (batch, 10)" in card
    assert "# Model card of `mine.keras`" in card


def test_the_card_says_what_is_known_and_escapes_it(run):
    config = json.loads((run / "config.json").read_text())
    config["split"]["num_test"] = 200
    config["split"]["name"] = "a`b"
    config["callbacks"] = ["b:C", "Mine"]
    (run / "config.json").write_text(json.dumps(config))
    card = (runner.export(run).path.parent / "MODEL_CARD.md").read_text()
    assert "50.0 %, 100 of 200 examples, 95 % interval 43.1 % to 56.9 %" in card
    assert "not calibrated" in card
    assert "3. sort_3 &lt;b&gt;\n" in card
    assert "<b>" not in card
    assert "`` a`b ``" in card
    assert "keras-mpl run digits_20 --seed 0" in card
    assert "--callback b:C`" in card
    assert "callbacks that were given in Python: Mine." in card
    assert "A callback ended the training of digits_20 after 4 of 500" in card


def test_probabilities_are_calibrated_if_the_run_is(run, tmp_path):
    record = {"recipe": "digits_20", "temperature": 2.0, "num_validation": 20}
    (run / "calibration.json").write_text(json.dumps(record))
    path = runner.export(run, softmax=True).path
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), "uint8")
    logits = evaluation.load_student(run)(images / np.float32(255))
    expected = np.asarray(keras.ops.softmax(logits / 2))
    found = np.asarray(keras.models.load_model(path)(images))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    card = (path.parent / "MODEL_CARD.md").read_text()
    assert "the logits are divided by 2, which the file does" in card
    record["temperature"] = 0.0
    (run / "calibration.json").write_text(json.dumps(record))
    with pytest.raises(ValueError, match="temperature above 0"):
        runner.export(run)


def test_a_chosen_student_is_the_one_that_the_card_is_of(run):
    result = json.loads((run / "result.json").read_text())
    other = {**result["rows"][0], "recipe": "chosen", "test_accuracy": 0.25}
    result["rows"].insert(0, other)
    result["exported"] = {
        "recipe": "chosen",
        "title": "Chosen",
        "chosen_by": "validation",
        "reason": "It was best.",
    }
    (run / "result.json").write_text(json.dumps(result))
    card = (runner.export(run).path.parent / "MODEL_CARD.md").read_text()
    assert "student of chosen, trained" in card
    assert "Test accuracy: 25.0 %" in card
    assert "It was best" in card


@pytest.mark.parametrize("name", ["MODEL_CARD.md", "labels.txt"])
def test_what_somebody_else_wrote_is_left(run, tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(ValueError, match=f"without another {name}"):
        runner.export(run, output=tmp_path / "a.keras")
    assert (tmp_path / name).read_text() == "mine"
    assert not (tmp_path / "a.keras").exists()


def test_names_of_another_number_of_classes_are_refused(run):
    (run / "labels.txt").write_text("a\nb\n")
    with pytest.raises(ValueError, match="names of its 10 classes"):
        runner.export(run)


def test_classes_without_names_are_numbered(run):
    (run / "labels.txt").unlink()
    path = runner.export(run).path
    numbers = [str(i) for i in range(10)]
    assert models.read_class_names(path) == tuple(numbers)
    lines = (path.parent / "labels.txt").read_text().split()
    assert lines == numbers


def test_a_format_that_is_none_is_one_line(run, capsys):
    assert cli.main(["export", str(run), "--format", "h5"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(ValueError, match="`format` must be one of: keras"):
        runner.export(run, format="h5")
    assert not (run / "export").exists()
