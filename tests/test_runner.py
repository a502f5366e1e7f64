"""One tiny run, and everything that must be true of its folder."""

import dataclasses
import json
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import keras_mpl
from keras_mpl import cli
from keras_mpl import recipes
from keras_mpl import runner
from keras_mpl.data import Split
from keras_mpl.recipes import RECIPES
from keras_mpl.recipes import Recipe
from keras_mpl.runner import carrying_out

TINY = (
    "train_steps=4",
    "eval_every_steps=2",
    "student.warmup_steps=0",
    "teacher.warmup_steps=0",
    "unlabeled_ratio=2",
)
ALONE = (*TINY, "baselines=", "method=supervised")


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    return runner.run(
        "digits_20", output=folder, seed=5, overrides=TINY, verbose=0
    )


def _json(result, name):
    return json.loads((result.folder / name).read_text())


def test_all_files_are_there(result):
    assert sorted(path.name for path in result.folder.iterdir()) == [
        "config.json",
        "curves.png",
        "metrics.jsonl",
        "report.md",
        "result.json",
        "samples.png",
        "split.json",
        "student.keras",
        "tensorboard",
    ]
    for name in ("digits_20", "digits_20_none", "digits_20_supervised"):
        assert list((result.folder / "tensorboard" / name).iterdir())


def test_metrics_have_one_line_per_evaluation_of_each_recipe(result):
    lines = (result.folder / "metrics.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert [(r["recipe"], r["step"]) for r in records] == [
        (name, step)
        for name in (*RECIPES["digits_20"].baselines, "digits_20")
        for step in (2, 4)
    ]
    assert {"val_accuracy", "val_loss", "student_loss"} <= set(records[0])
    assert {"val_teacher_accuracy", "feedback"} <= set(records[-1])


def test_config_resolves_what_ran(result):
    config = _json(result, "config.json")
    recipe = Recipe.from_dict(config["recipe"])
    assert (recipe.train_steps, recipe.feedback) == (4, "soft")
    assert [b["feedback"] for b in config["baselines"]] == ["soft", "none"]
    assert [b["train_steps"] for b in config["baselines"]] == [4, 4]
    assert (config["seed"], config["overrides"]) == (5, list(TINY))
    assert config["fingerprint"] == recipe.fingerprint()
    assert config["versions"]["keras"] == keras.__version__
    split = Split.load(result.folder / "split.json")
    assert config["split"]["name"] == split.name == "digits@20/5"
    assert config["split"]["fingerprint"] == split.fingerprint


def test_result_is_what_run_returns(result):
    recorded = _json(result, "result.json")
    assert recorded["rows"] == list(result.rows)
    assert result.accuracy == recorded["rows"][-1]["test_accuracy"]
    assert [row["test_teacher_accuracy"] is None for row in result.rows] == [
        True,
        False,
        False,
    ]


def test_student_file_is_plain_keras_and_as_good_as_recorded(result):
    score = runner.evaluate(result.folder)
    assert score.accuracy == score.recorded == result.accuracy
    assert score.num_test == 500
    student = keras.models.load_model(result.folder / "student.keras")
    assert not any(
        type(layer).__module__.startswith("keras_mpl")
        for layer in student.layers
    )


def test_report_has_the_figures_and_the_exact_command(result):
    page = (result.folder / "report.md").read_text()
    for row in result.rows:
        assert f"| {row['recipe']} | {100 * row['test_accuracy']:.1f} %" in page
    command = re.search(r"^    keras-mpl run (.*)$", page, re.MULTILINE)[1]
    assert "--seed 5" in command
    assert all(f"--set {item}" in command for item in TINY)
    for name in re.findall(r"\]\((\w+\.png)\)", page):
        assert (result.folder / name).is_file()


def test_equal_seeds_give_equal_runs(result, tmp_path):
    recipe = recipes.override(RECIPES["digits_20"], (*TINY, "baselines="))
    again = runner.run(recipe, output=tmp_path / "again", seed=5, verbose=0)
    config = _json(again, "config.json")
    assert set(config["overrides"]) == {*TINY, "baselines="}
    assert config["own_recipe"] is None
    first, second = (
        keras.models.load_model(folder / "student.keras").get_weights()
        for folder in (result.folder, again.folder)
    )
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_run_is_never_overwritten(result):
    before = (result.folder / "result.json").read_text()
    with pytest.raises(ValueError, match="never overwritten"):
        runner.run("digits_20", output=result.folder, overrides=TINY)
    assert (result.folder / "result.json").read_text() == before


def test_default_folder_and_printed_table(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = [word for item in ALONE for word in ("--set", item)]
    assert cli.main(["run", "digits_20", *words]) == 0
    out = capsys.readouterr().out
    assert "step 4/4" in out
    assert "epoch" not in out.lower()
    assert re.search(r"^digits_20 +\d+\.\d %", out, re.MULTILINE)
    assert "runs/digits_20-1" in out
    assert (tmp_path / "runs" / "digits_20-1" / "report.md").is_file()
    assert cli.main(["evaluate", "runs/digits_20-1"]) == 0
    assert "test accuracy of student.keras" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("model=wrn_1", "`name` must be one of"),
        ("dataset=digit", "`dataset` must be one of: digits"),
        ("strong=cutout", "`strong` must be one of: digits_weak"),
        ("feedback=loud", "`feedback` must be"),
        ("student.warmup_steps=9", "`train_steps` must be more than"),
        ("num_labeled=15", "`num_labeled` must be a multiple"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_is_written(
    tmp_path, override, words
):
    output = tmp_path / "run"
    with pytest.raises(ValueError, match=re.escape(words)):
        runner.run("digits_20", output=output, overrides=(*TINY, override))
    assert not output.exists()


@pytest.mark.parametrize("seed", [-1, 2**32, True, 1.0])
def test_bad_seed_is_refused(seed, tmp_path):
    with pytest.raises(ValueError, match="`seed` must be"):
        runner.run("digits_20", output=tmp_path, seed=seed, overrides=TINY)


def test_unwritable_output_is_refused_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="`output` must be a folder"):
        keras_mpl.run(
            "digits_20", output=tmp_path / "file" / "run", overrides=TINY
        )


def test_many_models_are_no_reason_for_tensorflow_to_warn(caplog):
    def trace_often(new):
        for _ in range(20):
            tf.function(new())(tf.constant(1))

    trace_often(lambda: lambda x: x + 1)
    assert "retracing" in caplog.messages[-1]
    caplog.clear()
    with carrying_out.without_retracing_warning():
        trace_often(lambda: lambda x: x + 2)
        tf.get_logger().warning("something else")
    assert caplog.messages == ["something else"]


def test_precision_is_put_back(tmp_path):
    overrides = (*ALONE, "precision=float64")
    own = dataclasses.replace(
        recipes.override(RECIPES["digits_20"], overrides), name="own"
    )
    runner.run(own, output=tmp_path, verbose=0)
    assert keras.config.dtype_policy().name == "float32"
    student = keras.models.load_model(tmp_path / "student.keras")
    assert student.layers[1].compute_dtype == "float64"


def test_a_recipe_of_ones_own_is_run_again_as_the_report_says(
    tmp_path, monkeypatch
):
    own = dataclasses.replace(
        RECIPES["digits_20"], name="own", baselines=("digits_20_supervised",)
    )
    overrides = [text for text in TINY if "baselines" not in text]
    runner.run(own, output=tmp_path, seed=3, overrides=overrides, verbose=0)
    report = (tmp_path / "report.md").read_text()
    again = report[report.index("## Run it again") :]
    [code] = re.findall(r"```python\n(.*?)```", again, re.S)
    asked = {}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        keras_mpl, "run", lambda recipe, **how: asked.update(how, recipe=recipe)
    )
    exec(compile(code, "report.md", "exec"), {})
    family = recipes.resolve(asked["recipe"], asked["overrides"])
    config = json.loads((tmp_path / "config.json").read_text())
    ran = [*config["baselines"], config["recipe"]]
    assert [Recipe.from_dict(one) for one in ran] == list(family)
    assert len(family) == 2
    assert (asked["seed"], asked["strategy"]) == (3, "none")


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
    expected = np.tile(np.linspace(0, 1, 30), (20, 1))[:, 5:25]
    expected = np.asarray(
        Image.fromarray((expected * 255).astype(np.uint8)).resize(
            (8, 8), Image.Resampling.BICUBIC
        )
    )
    student = keras.models.load_model(result.folder / "student.keras")
    logits = student.predict(expected[None, ..., None] / 255, verbose=0)
    probs = np.exp(logits) / np.exp(logits).sum()
    assert label == probs.argmax()
    assert prob == pytest.approx(probs.max(), abs=0.02)


@pytest.mark.parametrize("content", [None, b"", b"no image", "cut"])
def test_predict_names_the_file_that_it_cannot_read(
    result, tmp_path, content, capsys
):
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    Image.new("L", (64, 64), 7).save(good)
    if content is not None:
        cut = good.read_bytes()[:60]
        bad.write_bytes(cut if content == "cut" else content)
    code = cli.main(["predict", str(result.folder), str(good), str(bad)])
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert str(bad) in err


def test_evaluate_refuses_what_it_cannot_compare(result, tmp_path):
    with pytest.raises(ValueError, match="finished run"):
        runner.evaluate(tmp_path)
    for name in ("result.json", "student.keras"):
        copy = (result.folder / name).read_bytes()
        (tmp_path / name).write_bytes(copy)
    config = _json(result, "config.json")
    config["split"]["fingerprint"] = "other"
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="made with other"):
        runner.evaluate(tmp_path)
