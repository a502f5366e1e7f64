"""One tiny run, and everything that must be true of its folder."""

import dataclasses
import json
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_mpl
from keras_mpl import cli
from keras_mpl import models
from keras_mpl import recipes
from keras_mpl import report
from keras_mpl import runner
from keras_mpl.data import Split
from keras_mpl.recipes import RECIPES
from keras_mpl.recipes import Recipe
from keras_mpl.runner.execution import jobs
from keras_mpl.runner.execution import snapshots
from tests.runner.runs import TINY

ALONE = (*TINY, "baselines=", "method=supervised")


def _json(result, name):
    return json.loads((result.folder / name).read_text())


def test_all_files_are_there(result):
    assert sorted(path.name for path in result.folder.iterdir()) == [
        "calibration.json",
        "config.json",
        "curves.png",
        "examples",
        "metrics.jsonl",
        "predictions",
        "pseudo_labels.jsonl",
        "report.html",
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
    # The first call of a training is not measured, and here an evaluation has
    # one call.
    waits = [r.get("data_wait_fraction") for r in records if r["step"] == 4]
    assert all(0 < wait < 1 for wait in waits)
    assert result.rows[-1]["data_wait_fraction"] == waits[-1]


def test_config_resolves_what_ran(result):
    config = _json(result, "config.json")
    recipe = Recipe.from_dict(config["recipe"])
    assert (recipe.train_steps, recipe.method.feedback) == (4, "soft")
    found = [b["method"].get("feedback") for b in config["baselines"]]
    assert found == [None, "none"]
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


def test_each_training_keeps_its_predictions(result):
    names = [row["recipe"] for row in result.rows]
    files = sorted((result.folder / "predictions").iterdir())
    assert [path.name for path in files] == [f"{n}.npz" for n in sorted(names)]
    for row in result.rows:
        said = report.read_predictions(result.folder, row["recipe"])
        for part, key in (("test", "test"), ("validation", "val")):
            labels, logits, paths = said[part]
            right = np.mean(logits.argmax(-1) == labels)
            assert right == pytest.approx(row[f"{key}_accuracy"], abs=1e-6)
            assert paths == ()


def test_report_has_the_figures_and_the_exact_command(result):
    page = (result.folder / "report.md").read_text()
    for row in result.rows:
        assert f"| {row['recipe']} | {100 * row['test_accuracy']:.1f} %" in page
    command = re.search(r"^    keras-mpl run (.*)$", page, re.MULTILINE)[1]
    assert "--seed 5" in command
    assert all(f"--set {item}" in command for item in TINY)
    names = re.findall(r"\]\((\w+\.png)\)", page)
    assert names == ["curves.png", "samples.png"]
    assert all((result.folder / name).is_file() for name in names)


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_run_of_what_its_baseline_is_is_read_again(tmp_path):
    items = ["method=supervised", "baselines=two_moons_supervised"]
    items += ["train_steps=4", "eval_every_steps=2", "student.warmup_steps=0"]
    found = runner.run(
        "two_moons", output=tmp_path / "run", overrides=items, verbose=0
    )
    assert [row["recipe"] for row in found.rows] == ["two_moons"]
    assert cli.main(["report", str(found.folder)]) == 0


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
    assert re.search(r"^  1 training, about \d+ seconds on this", out, re.M)
    assert re.search(r"step 4/4 .* images/s  \d+ s, \d+ s left$", out, re.M)
    assert "The labels alone: " in out
    assert "epoch" not in out.lower()
    title = "digits_20 with method=supervised"
    assert re.search(rf"^{title} +\d+\.\d %", out, re.MULTILINE)
    assert f"{title}, train: Supervised learning" in out
    assert "Meta Pseudo Labels" not in out
    assert "runs/digits_20-1" in out
    page = (tmp_path / "runs" / "digits_20-1" / "report.md").read_text()
    assert page.startswith(f"# {title}, seed 0\n\nSupervised learning on")
    assert f"| {title} | " in page
    assert "Meta Pseudo Labels on" not in page
    assert cli.main(["evaluate", "runs/digits_20-1"]) == 0
    assert "test accuracy of student.keras" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("model=wrn_1", "`model.network` must be one of: wrn_10_2"),
        ("model=mlp_64", "`model.network` must be one of: mlp_64_64"),
        ("model.teacher_network=net", "`model.teacher_network` must be one of"),
        ("model=hub:resnet", "`model.weights` must be 'preset'"),
        ("views.weak=digit_weak", "`views.weak` must be one of: digits_weak"),
        ("data.dataset=digit", "`data.dataset` must be one of: digits"),
        ("views.strong=cutout", "`views.strong` must be one of: digits_weak"),
        ("method.feedback=loud", "`method.feedback` must be"),
        ("student.warmup_steps=9", "`train_steps` must be more than"),
        ("data.num_labeled=15", "`num_labeled` must be a multiple"),
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
    with jobs.without_retracing_warning():
        trace_often(lambda: lambda x: x + 2)
        tf.get_logger().warning("something else")
    assert caplog.messages == ["something else"]


@pytest.mark.slow
def test_precision_is_put_back(tmp_path):
    overrides = (*ALONE, "model.precision=float64")
    own = dataclasses.replace(
        recipes.override(RECIPES["digits_20"], overrides), name="own"
    )
    runner.run(own, output=tmp_path, verbose=0)
    assert keras.config.dtype_policy().name == "float32"
    student = keras.models.load_model(tmp_path / "student.keras")
    network = models.network_of(student)
    assert network.layers[1].compute_dtype == "float64"


@pytest.mark.slow
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


def test_a_run_that_diverges_ends_in_a_line_and_keeps_no_nan(tmp_path, capsys):
    folder = tmp_path / "run"
    settings = (
        "baselines=",
        "method=supervised",
        "train_steps=60",
        "eval_every_steps=10",
        "student.warmup_steps=30",
        "student.peak_lr=1e30",
    )
    words = [word for item in settings for word in ("--set", item)]
    code = cli.main(["run", "digits_20", *words, "--output", str(folder)])
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert code == 1
    assert re.search(
        r"keras-mpl: error: .*the gradient of the student's \S+ at step \d+, "
        r"and \d+ steps skipped in a row",
        line,
    )
    kept = list(folder.glob("checkpoints/*/*.zip"))
    for path in kept:
        for value in snapshots.latest(path.parent).values:
            assert value.dtype.kind != "f" or np.isfinite(value).all()
    assert not (folder / "student.keras").exists()
    assert not (folder / "result.json").exists()


def test_a_run_takes_callbacks_and_speaks_through_logging(
    tmp_path, capsys, caplog
):
    seen = []
    watch = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: seen.append("begin")
    )
    csv = 'keras.callbacks:CSVLogger={"filename": "{folder}/{recipe}.csv"}'
    with caplog.at_level("INFO"):
        done = runner.run(
            "digits_20",
            output=tmp_path / "run",
            overrides=ALONE,
            callbacks=[watch, csv],
            verbose=0,
        )
    assert seen == ["begin"]
    assert _json(done, "config.json")["callbacks"] == ["LambdaCallback", csv]
    lines = (done.folder / "digits_20.csv").read_text().splitlines()
    assert len(lines) == 3  # a title, and an evaluation every two steps
    assert "val_accuracy" in lines[0].split(",")
    said = [r.getMessage() for r in caplog.records if r.name == "keras_mpl"]
    assert said[0].startswith(f"{done.folder}: seed 0, on ")
    assert [line for line in said if line.startswith("  step 4/4  student_l")]
    assert said[-1].endswith(f"all else is in {done.folder}")
    assert capsys.readouterr().out == ""


class _PutsBack(keras.callbacks.Callback):
    """Leaves another student than the last evaluation has seen."""

    def on_train_end(self, logs=None):
        for weight in self.model.ema_student.trainable_variables:
            weight.assign(np.zeros(weight.shape))


@pytest.mark.slow
def test_validation_accuracy_is_of_the_student_that_is_kept(tmp_path):
    done = runner.run(
        "digits_20",
        output=tmp_path / "run",
        overrides=ALONE,
        callbacks=[_PutsBack()],
        verbose=0,
    )
    said = report.read_predictions(done.folder, "digits_20")["validation"]
    right = np.mean(said.logits.argmax(axis=1) == said.labels)
    [row] = _json(done, "result.json")["rows"]
    assert row["val_accuracy"] == pytest.approx(right)
    assert f"{100 * right:.1f} %" in (done.folder / "report.md").read_text()
    last = report.read_records(done.folder)[-1]
    assert last["val_accuracy"] != pytest.approx(right)


def test_a_callback_that_can_not_be_made_leaves_no_folder(tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(ValueError, match=r"CSVLogger', which fails: .*filena"):
        runner.run(
            "digits_20",
            output=folder,
            overrides=ALONE,
            callbacks=["keras.callbacks:CSVLogger"],
            verbose=0,
        )
    assert not folder.exists()
