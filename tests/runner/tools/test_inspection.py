"""A user's folder trains; `data` and `preview` say and show what is used."""

import json

import numpy as np
import pytest
from PIL import Image

from keras_mpl import cli
from keras_mpl import recipes
from keras_mpl import runner
from tests.augment import oracles
from tests.data.test_folder import COLORS
from tests.data.test_folder import damage
from tests.data.test_folder import make_folder

TINY = (
    "train_steps=4",
    "eval_every_steps=2",
    "student.warmup_steps=0",
    "teacher.warmup_steps=0",
    "model=wrn_10_1",
    "batch_size=8",
    "unlabeled_ratio=2",
    "data.num_validation=20",
    "data.num_test=20",
)


def _words(overrides):
    return [word for item in overrides for word in ("--set", item)]


@pytest.fixture(scope="module", name="places")
def fixture_places(tmp_path_factory):
    """A thousand files of all kinds, five of them corrupt."""
    root = tmp_path_factory.mktemp("mixed")
    make_folder(root / "labeled", 100)
    make_folder(root / "unlabeled", 233)
    Image.new("RGB", (5, 9)).save(root / "unlabeled" / "beside.png")
    spoiled = damage(root / "labeled", 2) + damage(root / "unlabeled", 3)
    assert len([p for p in root.rglob("*") if p.is_file()]) == 1000
    overrides = [f"data.{n}={root / n}" for n in ("labeled", "unlabeled")]
    return overrides, spoiled


@pytest.mark.slow
def test_a_folder_of_a_thousand_mixed_files_trains(places, tmp_path, capsys):
    overrides, spoiled = places
    result = runner.run(
        "folder", output=tmp_path / "run", overrides=(*TINY, *overrides)
    )
    out = capsys.readouterr().out
    assert "skipped 5 files" in out
    beside = ["folder_supervised", "folder_uda", "folder"]
    assert [row["recipe"] for row in result.rows] == beside
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert [path for path, _ in config["skipped_files"]] == spoiled
    assert all(path in out for path in spoiled)
    assert config["split"]["num_unlabeled"] == 258 + 697
    split = json.loads((tmp_path / "run" / "split.json").read_text())
    assert config["split"]["num_labeled"] == len(split["labeled"]) > 0
    page = (tmp_path / "run" / "report.md").read_text()
    assert f"with {len(split['labeled'])} labelled, 955 unlabelled, " in page
    assert f"choice of {len(split['labeled'])} labels adds" in page
    assert 0 <= result.accuracy <= 1
    score = runner.evaluate(tmp_path / "run")
    assert score.accuracy == score.recorded
    file = next(iter(tmp_path.parent.rglob("mixed*/labeled/red/**/*.webp")))
    [(_, label, prob)] = runner.predict(tmp_path / "run", [file])
    assert 0 <= label < 3
    assert 1 / 3 <= prob <= 1


def test_too_many_corrupt_files_stop_a_run_before_it_begins(places, tmp_path):
    overrides, _ = places
    with pytest.raises(ValueError, match=r"`data\.labeled`: at most a share"):
        runner.run(
            "folder",
            output=tmp_path / "run",
            overrides=(*TINY, *overrides, "data.max_corrupt=0.001"),
        )
    assert not (tmp_path / "run").exists()


def test_data_counts_classes_and_sets(places, capsys):
    overrides, _ = places
    assert cli.main(["data", "folder", *_words((*TINY, *overrides))]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("chosen: data.image_size=")
    lines = [line for line in lines if not line.startswith("chosen: ")]
    table = {line.split()[0]: line.split()[1:] for line in lines[:5]}
    assert table["class"] == ["labeled", "unlabeled", "validation", "test"]
    counts = np.array([[int(n) for n in table[name]] for name in COLORS])
    assert counts.sum(axis=0).tolist() == [258, 258, 20, 20]
    assert table["all"] == ["258", "955", "20", "20"]
    assert "697 of the unlabelled have no known class" in lines[5]
    assert "split folder@258/0, fingerprint " in "\n".join(lines)
    assert lines[-6:][0] == "skipped 5 files:"


def test_preview_draws_the_views_of_batch_0(places, tmp_path, capsys):
    overrides, _ = places
    path = tmp_path / "sheet.png"
    words = _words((*TINY, *overrides))
    assert cli.main(["preview", "folder", "--output", str(path), *words]) == 0
    assert str(path) in capsys.readouterr().out
    with Image.open(path) as picture:
        colors = picture.convert("RGB").getcolors(1 << 20)
    assert len(colors) > 100


@pytest.mark.slow
def test_python_shows_what_the_command_shows(places, tmp_path):
    """Files choose the size of the images in both."""
    overrides, _ = places
    set_by_user = (*TINY, *overrides)
    recipe = recipes.override(recipes.find("folder"), set_by_user)
    pictures = [tmp_path / "command.png", tmp_path / "python.png"]
    words = ["preview", "folder", *_words(set_by_user)]
    assert cli.main([*words, "--output", str(pictures[0])]) == 0
    runner.preview(recipe, pictures[1])
    theirs, ours = (np.asarray(Image.open(path)) for path in pictures)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("overrides", "match"),
    [
        ((), "`data.labeled` must name a folder or a CSV"),
        (("data.labeled=/none",), r"`data.labeled`: the data must be a folder"),
        (
            ("data.dataset=svn",),
            "`data.dataset` must be one of: digits, .*folder, cifar10",
        ),
    ],
)
def test_data_that_are_not_there_are_refused(overrides, match):
    recipe = recipes.override(recipes.find("folder"), overrides)
    with pytest.raises(ValueError, match=match):
        runner.describe(recipe)


@pytest.mark.slow
def test_cifar10_4k_is_divided_as_it_should_be():
    recipe = recipes.override(
        recipes.find("cifar10_4k"), [f"data.dir={oracles.cifar_dir()}"]
    )
    said = runner.describe(recipe)
    assert "400       4,522         478       1,000" in said
    assert "split cifar10@4000/0, fingerprint 605fd9eeb980" in said


@pytest.mark.slow
def test_cifar10_4k_trains(tmp_path):
    overrides = (
        *TINY[:-2],
        "student.wait_steps=0",
        "data.num_validation=100",
        "data.num_test=500",
        f"data.dir={oracles.cifar_dir()}",
    )
    result = runner.run(
        "cifar10_4k", output=tmp_path / "run", overrides=overrides
    )
    assert [row["recipe"] for row in result.rows] == [
        "cifar10_4k_none",
        "cifar10_4k",
    ]
