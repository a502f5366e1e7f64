"""A run on a user's folders: what is said, kept, and read again."""

import json
import re
import shutil
import signal

import keras
import numpy as np
import pytest
from PIL import Image

from keras_mpl import cli
from keras_mpl import data
from keras_mpl import models
from keras_mpl import recipes
from keras_mpl import report
from keras_mpl import runner
from keras_mpl.data import selection
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import stored_probs
from keras_mpl.runner.tools import evaluation

CLASSES = ("9", "10", "$x_{")
FAST = (
    "train_steps=2",
    "eval_every_steps=2",
    "student.warmup_steps=0",
    "teacher.warmup_steps=0",
    "model.network=wrn_10_1",
    "batch_size=4",
    "unlabeled_ratio=2",
    "data.image_size=16",
    "baselines=folder_supervised",
)


def draw(path, kind, number):
    """Writes a picture in one of the modes that readers may differ in."""
    pixels = np.random.default_rng(number).integers(
        0, 255, (84, 28, 4), "uint8"
    )
    image, exif = Image.fromarray(pixels), Image.Exif()
    exif[0x0112] = 6
    if kind == 0:
        image.save(path.with_suffix(".png"))
    elif kind == 1:
        image.convert("RGB").save(path.with_suffix(".JPG"), exif=exif)
    elif kind == 2:
        image.convert("RGB").convert("CMYK").save(path.with_suffix(".tif"))
    else:
        grey = pixels[..., 0].astype(np.uint16) * 16  # 12 bits
        Image.fromarray(grey).save(path.with_suffix(".tiff"))


@pytest.fixture(scope="module", name="root")
def fixture_root(tmp_path_factory):
    root = tmp_path_factory.mktemp("own")
    for number, name in enumerate(CLASSES):
        (root / "labeled" / name).mkdir(parents=True)
        for i in range(16 if number < 2 else 4):
            draw(root / "labeled" / name / f"{i}", i % 4, 100 * number + i)
    (root / "unlabeled").mkdir()
    for i in range(20):
        draw(root / "unlabeled" / f"{i}", i % 4, 1000 + i)
    (root / "labeled" / ".git").mkdir()
    (root / "labeled" / "9" / "notes.txt").write_text("x")
    return root


def _overrides(root):
    return (
        *FAST,
        f"data.labeled={root / 'labeled'}",
        f"data.unlabeled={root / 'unlabeled'}",
    )


@pytest.fixture(scope="module", name="run")
def fixture_run(root):
    runner.run("folder", output=root / "run", overrides=_overrides(root))
    return root / "run"


def _loaded(run):
    config = json.loads((run / "config.json").read_text())
    recipe = recipes.Recipe.from_dict(config["recipe"])
    return recipe, assembly.load(recipe, config["seed"])


def _paths(root):
    return data.find_files(root / "labeled", is_labeled=True).paths


@pytest.mark.parametrize("part", ["test", "labeled"])
def test_predict_reads_files_as_the_run_did(run, root, part):
    recipe, loaded = _loaded(run)
    indices = getattr(loaded.split, part)
    paths = [_paths(root)[i] for i in indices]
    inputs, _ = loaded.part(part)
    read = evaluation.inputs_of(recipe, paths, size=16, channels=3)
    np.testing.assert_array_equal(read, inputs)
    temperature = report.read_temperature(run) or 1.0
    student = evaluation.load_student(run)
    probs = assembly.probs(student, inputs, temperature=temperature)
    answers = runner.predict(run, paths)
    assert [label for _, label, _ in answers] == probs.argmax(-1).tolist()
    assert [prob for *_, prob in answers] == probs.max(-1).tolist()


def test_predictions_are_kept_with_the_path_of_every_file(run, root):
    _, loaded = _loaded(run)
    exported = json.loads((run / "result.json").read_text())["exported"]
    said = report.read_predictions(run, exported["recipe"])
    for part in ("validation", "test"):
        labels, logits, paths = said[part]
        indices = getattr(loaded.split, part)
        assert [*paths] == [str(_paths(root)[i]) for i in indices]
        np.testing.assert_array_equal(labels, loaded.raw(part)[1])
        answers = runner.predict(run, paths)
        assert [label for _, label, _ in answers] == logits.argmax(-1).tolist()


def test_the_student_takes_pixels_and_answers_as_evaluate_does(run):
    _, loaded = _loaded(run)
    inputs, _ = loaded.part("test")
    recorded = assembly.logits(evaluation.load_student(run), inputs)
    student = keras.models.load_model(run / "student.keras")
    pixels, _ = loaded.raw("test")
    assert student.input_shape == (None, None, None, 3)
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(student(pixels), recorded)
    names = (run / "labels.txt").read_text().splitlines()
    assert list(models.read_class_names(run / "student.keras")) == names
    config = json.loads((run / "config.json").read_text())
    assert config["class_names"] == names
    assert config["student_takes"] == "pixels"


def test_the_report_shows_how_to_use_the_student(
    run, root, monkeypatch, capsys
):
    page = (run / "report.md").read_text()
    usage = page[page.index("## Use the student") :]
    [code, *_] = re.findall(r"```python\n(.*?)```", usage, re.S)
    folder = root / "elsewhere"
    folder.mkdir()
    for name in ("student.keras", "labels.txt"):
        shutil.copy(run / name, folder)
    draw(folder / "photo", 1, 7)
    (folder / "photo.JPG").rename(folder / "photo.jpg")
    monkeypatch.chdir(folder)
    capsys.readouterr()
    exec(compile(code, "report.md", "exec"), {})
    [(_, label, _)] = runner.predict(run, ["photo.jpg"])
    names = runner.class_names(run)
    assert capsys.readouterr().out.splitlines()[-1] == names[label]


def test_the_names_of_the_classes_are_kept_in_order(run, root, capsys):
    lines = (run / "labels.txt").read_text().splitlines()
    assert lines == ["$x_{", "10", "9"] == list(runner.class_names(run))
    path = root / "labeled" / "9" / "0.png"
    [(_, label, _)] = runner.predict(run, [path])
    assert cli.main(["predict", str(run), str(path)]) == 0
    assert (
        f"0.png  class {lines[label]}  probability" in capsys.readouterr().out
    )


def test_classes_in_another_order_are_refused(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    (copy / "labels.txt").write_text("10\n9\n$x_{\n")
    said = r"order: 10, 9, .* now \$x_\{, 10"
    for act in (runner.evaluate, runner.precompute):
        with pytest.raises(ValueError, match=said):
            act(copy)
    (copy / "result.json").unlink()
    with pytest.raises(ValueError, match=said):
        runner.resume(copy, verbose=0)


def test_the_student_that_is_best_on_validation_is_exported(run):
    result = json.loads((run / "result.json").read_text())
    exported, rows = result["exported"], result["rows"]
    # Of equals the labels alone, which stand first, are the simpler method.
    best = max(rows, key=lambda row: row["val_accuracy"])
    assert (exported["recipe"], exported["chosen_by"]) == (
        best["recipe"],
        "validation",
    )
    score = runner.evaluate(run)
    assert score.accuracy == score.recorded == best["test_accuracy"]
    [other] = [row["recipe"] for row in rows if row is not best]
    kept = [path.name for path in (run / "students").iterdir()]
    assert kept == [f"{other}.keras"]
    page = (run / "report.md").read_text()
    assert "## Which method" in page
    assert f"averaged student of {exported['recipe']}. It" in page


def test_a_share_of_every_class_is_held_out(run):
    _, loaded = _loaded(run)
    for part in ("test", "validation", "labeled"):
        counts = np.bincount(loaded.raw(part)[1], minlength=3)
        assert counts.all()
    assert len(loaded.split.test) == len(loaded.split.validation) == 5


def test_balanced_accuracy_stands_beside_accuracy(run, capsys):
    _, loaded = _loaded(run)
    inputs, labels = loaded.part("test")
    said = assembly.classes(evaluation.load_student(run), inputs)
    recalls = [np.mean(said[labels == label] == label) for label in range(3)]
    result = json.loads((run / "result.json").read_text())
    exported = result["exported"]["recipe"]
    [row] = [row for row in result["rows"] if row["recipe"] == exported]
    assert row["test_balanced_accuracy"] == pytest.approx(np.mean(recalls))
    of_mpl = {"test_student_balanced_accuracy", "test_teacher_accuracy"}
    assert of_mpl <= {*result["rows"][-1]}
    report = (run / "report.md").read_text()
    assert "| averaged student | balanced |" in report
    assert "`balanced` is the balanced accuracy" in report
    assert runner.evaluate(run).balanced == row["test_balanced_accuracy"]
    assert cli.main(["evaluate", str(run)]) == 0
    shown = f"balanced accuracy: {np.mean(recalls):.4f}"
    assert shown in capsys.readouterr().out


def _words(root, *overrides):
    items = (*_overrides(root), *overrides)
    return [word for item in items for word in ("--set", item)]


def test_a_given_validation_set_is_the_one_that_is_validated_on(root, capsys):
    place = root / "validation"
    for number, name in enumerate(CLASSES):
        (place / name).mkdir(parents=True)
        draw(place / name / "0", 0, 5000 + number)
    overrides = (*_overrides(root), f"data.validation={place}")
    recipe = recipes.override(recipes.find("folder"), overrides)
    loaded = assembly.load(recipe, 0)
    inputs, labels = loaded.validation()
    assert labels.tolist() == [0, 1, 2]
    files = data.find_files(place, is_labeled=True)
    paths, size = files.paths, recipe.data.image_size
    read = evaluation.inputs_of(recipe, paths, size=size, channels=3)
    np.testing.assert_array_equal(inputs, read)
    assert len(loaded.split.validation) == 0
    assert len(loaded.split.test) == 5
    assert len(loaded.split.labeled) == 36 - 5
    shutil.copy(_paths(root)[loaded.split.labeled[0]], place / "9" / "1.png")
    words = _words(root, f"data.validation={place}")
    assert cli.main(["data", "folder", *words]) == 0
    out = capsys.readouterr().out
    assert "1 of 4 validation images are among the training images, too" in out
    (place / "10").rename(place / "other")
    with pytest.raises(ValueError, match=r"`data.validation` must have the cl"):
        assembly.load(recipe, 0)


def test_few_test_images_are_said_with_what_helps(root, run, capsys):
    _, loaded = _loaded(run)
    [line] = [note for note in loaded.notes if "test images are few" in note]
    assert line.startswith("5 test images are few: ")
    assert "standard error of 18 points" in line
    assert "--set data.split_seed=1" in line


def test_a_run_without_unlabelled_images_says_so(root, run):
    def said(items):
        family = recipes.resolve(recipes.find("folder"), items)
        notes = assembly.load(family[-1], 0).notes
        return [note for note in notes if note.startswith("data.unlabeled: no")]

    assert not said(_overrides(root))
    few = [x for x in _overrides(root) if not x.startswith("data.unlabeled=")]
    assert "have only the" in said(few)[0]


@pytest.mark.slow
def test_classes_by_parts_are_printed_before_training(root, tmp_path, capsys):
    words = _words(root, "method.class_weights=balanced")
    output = ["--output", str(tmp_path / "run")]
    assert cli.main(["run", "folder", *words, *output]) == 0
    out = capsys.readouterr().out
    table = out.index("class     labeled   unlabeled  validation        test")
    assert out.index("$x_{", table) < out.index("folder, train: ")
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["recipe"]["method"]["class_weights"] == "balanced"


def test_what_is_rare_ignored_or_in_two_parts_is_said(root, run, capsys):
    _, loaded = _loaded(run)
    copy = root / "unlabeled" / "copy"
    tested = _paths(root)[loaded.split.test[0]]
    copy = copy.with_suffix(tested.suffix)
    shutil.copy(tested, copy)
    words = [w for item in _overrides(root) for w in ("--set", item)]
    try:
        assert cli.main(["data", "folder", *words]) == 0
    finally:
        copy.unlink()
    out = capsys.readouterr().out
    assert "data.labeled: ignored 1 .txt, 1 hidden or system" in out
    rare = "class $x_{ has few labelled examples to learn from: 2 of 26\n"
    assert rare in out
    assert "1 of 5 test images are among the training images, too, " in out
    assert str(copy) in out


def test_a_class_that_is_too_small_names_it_and_the_settings(tmp_path):
    for name, count in (("cat", 9), ("owl", 2)):
        (tmp_path / name).mkdir()
        for i in range(count):
            draw(tmp_path / name / f"{i}", 0, i)
    overrides = (*FAST, f"data.labeled={tmp_path}")
    with pytest.raises(ValueError, match=r"num_test.*Received: owl \(2\)$"):
        runner.run("folder", output=tmp_path / "run", overrides=overrides)
    assert not (tmp_path / "run").exists()


def test_other_data_must_say_how_many_are_held_out():
    for key in ("data.num_validation", "data.num_test"):
        recipe = recipes.override(recipes.find("digits_20"), [f"{key}=0"])
        with pytest.raises(ValueError, match=f"`{key}` must be 1 or more"):
            assembly.load(recipe, 0)


@pytest.mark.parametrize("part", ["labeled", "unlabeled"])
def test_files_in_another_order_are_refused(run, root, part):
    folder = root / part / ("9" if part == "labeled" else "")
    first, *_ = sorted(path for path in folder.iterdir() if path.is_file())
    last = folder / f"zzz{first.suffix}"
    selected = runner.select(run, per_class=2)
    recipe, loaded = _loaded(run)
    runner.precompute(run)
    stored = run / stored_probs.FOLDER
    assert stored_probs.read(loaded, stored).shape == (loaded.num_examples, 3)
    first.rename(last)  # so all that follow it move up by one
    try:
        places = {"selection": str(selected)}
        with pytest.raises(ValueError, match=rf"selection.*data\.{part}. was"):
            assembly.load(recipe.replace(data=places), 0)
        _, moved = _loaded(run)
        with pytest.raises(ValueError, match=rf"stored_pr.*data\.{part}. was"):
            stored_probs.read(moved, stored)
        words = rf"files of `data\.{part}` that it was made with"
        for tool in (runner.evaluate, runner.precompute):
            with pytest.raises(ValueError, match=words):
                tool(run)
    finally:
        last.rename(first)
    assert runner.evaluate(run).num_test > 0


@pytest.mark.slow
def test_resume_refuses_an_own_test_set_that_has_changed(root, tmp_path):
    exam = tmp_path / "exam"
    for name in CLASSES:
        (exam / name).mkdir(parents=True)
        draw(exam / name / "a", 0, 7)
    overrides = (*_overrides(root), f"data.test={exam}", "train_steps=4")
    stop = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: signal.raise_signal(
            signal.SIGTERM
        )
    )
    folder = tmp_path / "run"
    with pytest.raises(SystemExit):
        runner.run(
            "folder", output=folder, overrides=overrides, callbacks=[stop]
        )
    draw(exam / CLASSES[0] / "a", 0, 8)  # as many images, of another content
    with pytest.raises(ValueError, match=r"files of `data\.test` that it"):
        runner.resume(folder)
    draw(exam / CLASSES[0] / "b", 0, 9)
    with pytest.raises(ValueError, match=r"3 test examples .* have now 4"):
        runner.resume(folder)


def test_select_compares_pixels_and_not_what_networks_take(run, monkeypatch):
    seen = []
    monkeypatch.setattr(
        selection,
        "near_duplicates",
        lambda *images, max_distance: (
            seen.extend(images) or np.zeros(len(images[0]), bool)
        ),
    )
    runner.select(run, per_class=1, max_distance=3)
    assert [images.dtype for images in seen] == [np.uint8] * 2
