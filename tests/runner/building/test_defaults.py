"""What nobody has set follows from the files, and says why."""

import json

import numpy as np
import pytest
from PIL import Image

from keras_mpl import cli
from keras_mpl import recipes
from keras_mpl import runner
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import defaults
from tests.runner import forged

FOLDER = recipes.find("folder")


def made(root, *, names=("cat", "owl"), count=60, size=(48, 80), unlabeled=0):
    """Writes folders of plain images; returns the overrides that name them."""
    image = Image.new("RGB", size, (90, 120, 30))
    for name in names:
        (root / "labeled" / name).mkdir(parents=True)
        for i in range(count):
            image.save(root / "labeled" / name / f"{i}.png")
    overrides = [f"data.labeled={root / 'labeled'}"]
    if unlabeled:
        (root / "unlabeled").mkdir()
        for i in range(unlabeled):
            image.save(root / "unlabeled" / f"{i}.png")
        overrides.append(f"data.unlabeled={root / 'unlabeled'}")
    return overrides


def values(overrides, *more):
    found = defaults.choose(FOLDER, [*overrides, *more])
    assert all(choice.reason for choice in found)
    assert {choice.key for choice in found} <= {*defaults.KEYS}
    return {choice.key: choice.value for choice in found}


@pytest.fixture(params=[False, True], ids=["CPU", "GPU"])
def has_gpu(request, monkeypatch):
    devices = ["GPU:0"] if request.param else []
    monkeypatch.setattr(
        defaults.tf.config, "list_physical_devices", lambda kind: devices
    )
    return request.param


@pytest.mark.parametrize(
    ("side", "on_cpu", "on_gpu"),
    [(20, 32, 32), (45, 40, 40), (100, 48, 96), (1000, 48, 128)],
)
def test_the_size_is_the_median_side_within_bounds(
    side, on_cpu, on_gpu, has_gpu, tmp_path
):
    found = values(made(tmp_path, count=5, size=(side, 2 * side)))
    assert found["data.image_size"] == str(on_gpu if has_gpu else on_cpu)
    is_large = int(found["data.image_size"]) > 64
    small = "wrn_10_2" if has_gpu else "wrn_10_1"
    network = "efficientnet_b0" if is_large else small
    assert found["model.network"] == network


@pytest.mark.parametrize("network", ["resnet_50", "efficientnet_b0"])
@pytest.mark.parametrize("side", [20, 50, 100, 1000])
def test_sizes_of_a_network_with_more_strides_go_in_its_steps(
    network, side, has_gpu, tmp_path
):
    given = made(tmp_path, count=5, size=(side, side))
    size = int(values(given, f"model={network}")["data.image_size"])
    assert size in ((32, 64, 96, 128) if has_gpu else (32,))


def test_trained_weights_want_larger_images(has_gpu, tmp_path):
    given = made(tmp_path, count=5, size=(400, 300))
    found = values(given, "weights=imagenet")
    assert found["model.network"] == "efficientnet_b0"
    assert found["data.image_size"] == ("224" if has_gpu else "128")
    assert found["model.backbone_rate"] == "0.1"
    assert found["method.ramp_statistics"] == "false"
    small = values(given, "weights=student.keras")
    assert "model.network" not in small
    assert int(small["data.image_size"]) <= 128


def test_with_few_labels_the_choice_names_trained_weights(
    tmp_path, monkeypatch
):
    given = made(tmp_path, count=5, size=(40, 40))

    def reason(*own):
        found = defaults.choose(FOLDER, (*given, *own))
        return {one.key: one.reason for one in found}["model.network"]

    assert "weights=imagenet" in reason()
    assert "random weights" not in reason("weights=imagenet")
    assert "weights=imagenet" not in reason("data.channels=1")
    monkeypatch.setattr(defaults, "_FEW_LABELS", 5)
    assert "weights=imagenet" not in reason()


@pytest.mark.parametrize(
    ("own", "batch"),
    [
        ((), "26"),
        (("data.test=given",), "32"),
        (("data.num_test=20",), "12"),
        (("data.num_test=20", "data.num_validation=18"), "1"),
    ],
)
def test_a_batch_is_no_more_than_what_is_not_held_out(own, batch, tmp_path):
    given = made(tmp_path, count=20)
    assert values(given, *own)["batch_size"] == batch


@pytest.mark.parametrize(
    ("own", "batch", "ratio"),
    [
        (("data.num_labeled=8",), 8, 6),
        (("data.num_labeled=8", "data.unlabeled_examples=rest"), 8, 5),
        (("data.unlabeled_examples=rest",), 26, 1),
        (("data.unlabeled_examples=rest", "data.num_labeled=24"), 24, 1),
        (("data.selection=selection.json",), 10, 1),
        (("data.num_labeled=4", "data.selection=selection.json"), 4, 2),
        (("data.selection=nowhere.json",), 26, 2),
    ],
)
def test_what_is_chosen_is_no_more_than_what_is_trained_on(
    own, batch, ratio, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    given = [*made(tmp_path, count=20, size=(16, 16), unlabeled=30), *own]
    plain = [item for item in given if not item.startswith("data.selection")]
    split = assembly.load(recipes.override(FOLDER, plain), 0).split
    chosen = {"split": split.fingerprint, "unlabeled": [*range(40, 50)]}
    (tmp_path / "selection.json").write_text(json.dumps(chosen))
    found = defaults.choose(FOLDER, given)
    items = [*(choice.item for choice in found), *given]
    recipe = recipes.override(FOLDER, items)
    assert (recipe.batch_size, recipe.unlabeled_ratio) == (batch, ratio)
    if "nowhere" in own[-1]:  # its reader says so
        return
    split = assembly.load(recipe, 0).split
    assert len(split.labeled) >= batch
    assert len(split.unlabeled) >= batch * ratio


def test_a_batch_leaves_an_image_of_each_class_to_the_other_sets(tmp_path):
    names = [f"class {'abcdefghij'[i % 10] * (2 + i)}" for i in range(40)]
    given = made(tmp_path, names=names, count=3, size=(4, 4))
    size = int(values(given)["batch_size"])
    assert size <= 40 == 40 * 3 - 2 * 40


def test_what_was_set_is_left_alone(tmp_path):
    given = made(tmp_path, unlabeled=20)
    own = (
        "data.image_size=24",
        "model=resnet_50",
        "batch_size=2",
        "unlabeled_ratio=1",
        "views.weak=svhn_weak",
        "weights=x.h5",
        "model.backbone_rate=0",
        "method.ramp_statistics=true",
    )
    assert values(given, *own) == {}
    assert values(given, "model=resnet_50")["data.image_size"] == "32"


@pytest.fixture
def trained(monkeypatch):
    """Recipes whose data a command loads, where it ends."""
    seen = []

    def refuse(recipe, seed):
        seen.append(recipe)
        raise ValueError("seen")

    monkeypatch.setattr(assembly, "load", refuse)
    return seen


def words(items):
    return [word for item in items for word in ("--set", item)]


@pytest.mark.parametrize(
    "own",
    [
        (),
        ("data.image_size=32", "model=wrn_10_2"),
        ("data.image_size=24", "method=uda", "unlabeled_ratio=1"),
    ],
    ids=str,
)
def test_a_recipe_in_a_file_is_trained_as_the_file_says(
    own, trained, tmp_path, capsys
):
    given = made(tmp_path / "lab", count=5, size=(45, 60))
    items = [*given, *own, "baselines="]
    assert cli.main(["show", "folder", *words(items), "--json"]) == 0
    file = tmp_path / "recipe.json"
    file.write_text(capsys.readouterr().out)
    output = ["--output", str(tmp_path / "run")]
    assert cli.main(["run", "--config", str(file), *output]) == 2
    further = words(["batch_size=3"])
    assert cli.main(["run", "--config", str(file), *further, *output]) == 2
    exact = recipes.override(FOLDER, items)
    fingerprints = [recipe.fingerprint() for recipe in trained]
    assert fingerprints == [
        exact.fingerprint(),
        exact.replace(batch_size=3).fingerprint(),
    ]


def test_a_changed_folder_chooses_unless_it_is_complete(trained, tmp_path):
    given = made(tmp_path, count=5, size=(45, 60))
    recipe = recipes.override(FOLDER, given)
    for is_complete in (False, True):
        with pytest.raises(ValueError, match="seen"):
            runner.run(recipe, is_complete=is_complete, verbose=0)
    assert [one.data.image_size for one in trained] == [40, 32]


@pytest.mark.parametrize("place", [".", "students"])
def test_the_student_of_a_run_names_its_network(place, tmp_path):
    given = made(tmp_path / "lab", count=5)
    folder = tmp_path / "run"
    weights = folder / place / "student.keras"
    weights.parent.mkdir(parents=True)
    assert "model.network" not in values(given, f"weights={weights}")
    record = forged.config()
    record["recipe"]["model"]["network"] = "wrn_16_1"
    (folder / "config.json").write_text(json.dumps(record))
    assert values(given, f"weights={weights}")["model.network"] == "wrn_16_1"
    own = ("model=wrn_10_2", f"weights={weights}")
    assert "model.network" not in values(given, *own)
    (folder / "config.json").write_text("{}")
    assert "model.network" not in values(given, f"weights={weights}")


@pytest.mark.parametrize(
    ("count", "classes", "unlabeled", "batch", "ratio"),
    [(60, 2, 300, "32", None), (10, 40, 400, "80", None), (6, 4, 30, "15", 2)],
)
def test_the_batch_follows_classes_and_counts(
    count, classes, unlabeled, batch, ratio, tmp_path
):
    names = [f"class {'abcdefghij'[i % 10] * (2 + i)}" for i in range(classes)]
    found = values(
        made(tmp_path, names=names, count=count, unlabeled=unlabeled)
    )
    assert found["batch_size"] == batch
    assert found.get("unlabeled_ratio") == (ratio and str(ratio))


@pytest.mark.parametrize(
    ("names", "weak"),
    [
        (("cat", "owl"), "cifar_weak"),
        (("7", "12"), "svhn_weak"),
        (("a", "b"), "svhn_weak"),
        (("turn left", "turn right"), "svhn_weak"),
        (("bright", "leftover"), "cifar_weak"),
    ],
)
def test_classes_that_a_mirror_would_change_are_not_mirrored(
    names, weak, tmp_path
):
    found = values(made(tmp_path, names=names, count=3))
    assert found["views.weak"] == weak
    assert ("views.strong" in found) == (weak == "svhn_weak")


def test_other_recipes_and_those_of_ones_own_have_their_settings(tmp_path):
    assert defaults.choose(recipes.find("digits_20"), ["batch_size=5"]) == ()
    overrides = made(tmp_path, count=3)
    mine = FOLDER.replace(name="mine")
    assert defaults.choose(mine, overrides) == ()


def test_files_that_cannot_be_opened_choose_no_size(tmp_path):
    overrides = made(tmp_path, count=3)
    for path in tmp_path.rglob("*.png"):
        path.write_bytes(b"x")
    assert "data.image_size" not in values(overrides)


@pytest.mark.slow
def test_a_run_says_and_records_what_was_chosen(tmp_path, capsys):
    rng = np.random.default_rng(0)
    overrides = made(tmp_path, count=30, size=(16, 16))
    for path in tmp_path.rglob("*.png"):
        pixels = rng.integers(0, 255, (16, 16, 3), "uint8")
        Image.fromarray(pixels).save(path)
    start = tmp_path / "start"
    fast = (
        *overrides,
        "train_steps=2",
        "eval_every_steps=2",
        "student.warmup_steps=0",
        "teacher.warmup_steps=0",
        "model=wrn_10_1",
        "batch_size=4",
        "unlabeled_ratio=1",
        "baselines=",
    )
    runner.run("folder", output=start, overrides=(*fast, "method=supervised"))
    assert "chosen: data.image_size=32: the median" in capsys.readouterr().out
    weights = start / "student.keras"
    folder = tmp_path / "finetuned"
    result = runner.run(
        "folder",
        output=folder,
        overrides=(
            *fast,
            f"weights={weights}",
            "model.backbone_rate=0",
        ),
    )
    config = json.loads((folder / "config.json").read_text())
    assert config["recipe"]["data"]["image_size"] == 32
    assert "data.image_size=32" in config["overrides"]
    assert any("ramp_statistics=false" in one for one in config["chosen"])
    assert result.rows[0]["title"].startswith("folder, head on a frozen")
    before = runner.tools.evaluation.load_student(start)
    after = runner.tools.evaluation.load_student(folder)
    for old, new in zip(before.weights, after.weights, strict=True):
        is_head = old.path.startswith("logits")
        assert np.array_equal(old, new) != is_head, old.path


@pytest.mark.parametrize("command", ["run", "data"])
def test_weights_that_cannot_be_fetched_are_an_error(
    command, tmp_path, monkeypatch, capsys
):
    def fail(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(
        "keras.src.applications.efficientnet.file_utils.get_file", fail
    )
    words = [command, "folder"]
    words += ["--output", str(tmp_path / "run")] if command == "run" else []
    for item in (*made(tmp_path, count=30), "weights=imagenet"):
        words += ["--set", item]
    assert cli.main(words) == (2 if command == "run" else 0)
    out, err = capsys.readouterr()
    assert "chosen: data.image_size=96" in out or command == "run"
    if command == "run":
        assert "efficientnetb0_notop.h5" in err
        assert "pass its path as `weights`" in err
        assert err.count("\n") == 1
        assert not (tmp_path / "run").exists()
