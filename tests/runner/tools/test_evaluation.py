"""A finished student is tested again, and classifies image files."""

import json

import keras
import numpy as np
import pytest
from PIL import Image

from keras_mpl import cli
from keras_mpl import report
from keras_mpl import runner


def test_student_file_is_plain_keras_and_as_good_as_recorded(result):
    score = runner.evaluate(result.folder)
    assert score.accuracy == score.recorded == result.accuracy
    assert score.num_test == 500
    student = keras.models.load_model(result.folder / "student.keras")
    assert not any(
        type(layer).__module__.startswith("keras_mpl")
        for layer in student.layers
    )


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [("L", "png"), ("RGB", "jpg"), ("RGBA", "png"), ("I;16", "png")],
)
def test_predict_takes_images_of_any_kind(result, tmp_path, mode, suffix):
    top = 255 if mode != "I;16" else 65535
    values = np.tile(np.linspace(0, top, 30), (20, 1))
    values = values.astype(np.uint16 if mode == "I;16" else np.uint8)
    image = Image.fromarray(values)
    if mode != "I;16":
        image = image.convert(mode)
    path = tmp_path / f"ramp.{suffix}"
    image.save(path)
    ((name, label, prob),) = runner.predict(result.folder, [path])
    assert name == str(path)
    assert 0 <= label < 10
    pixels = (np.tile(np.linspace(0, 1, 30), (20, 1)) * 255).astype(np.uint8)
    student = keras.models.load_model(result.folder / "student.keras")
    logits = student.predict(pixels[None, ..., None], verbose=0)
    assert label == logits.argmax()
    scaled = logits / (report.read_temperature(result.folder) or 1.0)
    probs = np.exp(scaled) / np.exp(scaled).sum()
    assert prob == pytest.approx(probs.max(), abs=0.02)


@pytest.mark.parametrize("content", [None, b"", b"no image", "cut"])
def test_predict_names_the_file_that_it_cannot_read_after_the_others(
    result, tmp_path, content, capsys
):
    good, bad = tmp_path / "good.png", tmp_path / "bad\n\x1b[31m.png"
    Image.new("L", (64, 64), 7).save(good)
    if content is not None:
        cut = good.read_bytes()[:60]
        bad.write_bytes(cut if content == "cut" else content)
    files = [str(bad), str(good)]
    code = cli.main(["predict", str(result.folder), *files])
    out, err = capsys.readouterr()
    [said] = [line for line in err.splitlines() if "calibrated" not in line]
    assert (code, out.count("\n")) == (1, 1)
    assert "not read" in said
    assert out.startswith(f"{good}  class ")
    assert "bad\\n\\x1b[31m.png (" in err
    assert "\x1b" not in err
    with pytest.raises(runner.UnreadableImagesError, match=r"bad") as error:
        runner.predict(result.folder, files)
    assert [path for path, *_ in error.value.answers] == [str(good)]
    assert [path for path, _ in error.value.files] == [str(bad)]


def test_evaluate_refuses_what_it_cannot_compare(result, tmp_path):
    with pytest.raises(ValueError, match="finished run"):
        runner.evaluate(tmp_path)
    for name in ("result.json", "student.keras"):
        copy = (result.folder / name).read_bytes()
        (tmp_path / name).write_bytes(copy)
    config = json.loads((result.folder / "config.json").read_text())
    config["split"]["fingerprint"] = "other"
    (tmp_path / "config.json").write_text(json.dumps(config))
    for act in (runner.evaluate, runner.precompute):
        with pytest.raises(ValueError, match="made with other"):
            act(tmp_path)
