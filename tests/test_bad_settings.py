"""A table of settings of views, schedules, networks and data: one line each.

`tests/trainers/checks` has those of methods, `compile` and `fit`;
`tests/runner/test_bad_inputs.py` the command line and files.
"""

import keras
import numpy as np
import pytest

from keras_mpl import augment
from keras_mpl import data
from keras_mpl import models
from keras_mpl import recipes
from keras_mpl import report
from keras_mpl import runner
from keras_mpl import schedules

NAN, INF = float("nan"), float("inf")
PIXELS = np.zeros((2, 8, 8, 3), "uint8")
POINTS, IDS = np.zeros((12, 4), "float32"), np.arange(12) % 3


def pair(**changes):
    options = {"strong": lambda inputs, seeds: inputs, "batch_size": 6}
    return data.pair((POINTS, IDS), POINTS, **(options | changes))


def division(**changes):
    options = {"num_labeled": 3, "num_validation": 3, "num_test": 3}
    return data.split(IDS, **(options | changes))


def rate(peak=1.0, **changes):
    return schedules.WarmupCosine(peak, **({"train_steps": 9} | changes))


VIEWS = {
    "padding-negative": (lambda: augment.FlipCrop(-1), "`padding` must be 0"),
    "padding-half": (lambda: augment.FlipCrop(1.5), "a whole number"),
    "padding-text": (lambda: augment.FlipCrop("4"), "`padding` must be 0"),
    "padding-true": (lambda: augment.FlipCrop(True), "`padding` must be 0"),
    "padding-fill": (lambda: augment.FlipCrop(fill=256), "from 0 to 255"),
    "cutout-odd": (lambda: augment.Cutout(3), "`size` must be even"),
    "cutout-half": (lambda: augment.Cutout(2.0), "`size` must be a whole"),
    "cutout-nan": (lambda: augment.Cutout(NAN), "`size` must be 0 or more"),
    "cutout-fill": (lambda: augment.Cutout(fill=-1), "`fill` must be from 0"),
    "noise-nan": (lambda: augment.GaussianNoise(NAN), "`stddev` must be 0"),
    "noise-inf": (lambda: augment.GaussianNoise(INF), "0 or more, and finite"),
    "noise-negative": (lambda: augment.GaussianNoise(-1), "`stddev` must be"),
    "noise-text": (lambda: augment.GaussianNoise("1"), "`stddev` must be 0"),
    "warp-inf": (lambda: augment.Geometric(max_shear=INF), "and finite"),
    "warp-nan": (lambda: augment.Geometric(max_scale=NAN), "`max_scale` must"),
    "warp-text": (lambda: augment.Geometric(noise="1"), "`noise` must be 0"),
    "layers-half": (lambda: augment.RandAugment(1.5), "a whole number"),
    "layers-nan": (lambda: augment.RandAugment(NAN), "`num_layers` must be"),
    "layers-negative": (lambda: augment.RandAugment(-1), "`num_layers` must"),
    "magnitude-nan": (lambda: augment.RandAugment(2, NAN), "from 0 to 30"),
    "magnitude-high": (lambda: augment.RandAugment(2, 31), "from 0 to 30"),
    "shift-nan": (
        lambda: augment.RandAugment(max_translation=NAN),
        "`max_translation` must be 0 or more",
    ),
    "cover-negative": (
        lambda: augment.RandAugment(max_cutout=-4),
        "`max_cutout` must be 0 or more",
    ),
    "probability-high": (
        lambda: augment.RandAugment(probability=(0.5, 1.5)),
        "`probability` must be from 0 to 1",
    ),
    "probability-turned": (
        lambda: augment.RandAugment(probability=(0.8, 0.2)),
        "the lowest and the highest",
    ),
    "operation-unknown": (
        lambda: augment.RandAugment(operations=("Explode",)),
        "`operations` must be one or more of",
    ),
    "operation-none": (
        lambda: augment.RandAugment(operations=()),
        "`operations` must be one or more of",
    ),
    "pixels-float": (
        lambda: augment.FlipCrop()(PIXELS.astype("float32"), (0, 0)),
        "uint8",
    ),
    "pixels-rank": (lambda: augment.cifar_weak(PIXELS[0], (0, 0)), "Received"),
    "seeds-one": (lambda: augment.cifar_weak(PIXELS, (0,)), "seeds"),
    "noise-integers": (
        lambda: augment.GaussianNoise(1.0)(PIXELS, (0, 0)),
        "must be floats",
    ),
}
SCHEDULES = {
    "peak-nan": (lambda: rate(NAN), "0 or more, and finite"),
    "peak-inf": (lambda: rate(INF), "0 or more, and finite"),
    "peak-negative": (lambda: rate(-1.0), "0 or more, and finite"),
    "warm-up-negative": (lambda: rate(warmup_steps=-1), "must be 0 or more"),
    "wait-negative": (lambda: rate(wait_steps=-1), "must be 0 or more"),
    "too-short": (lambda: rate(warmup_steps=9), "must be more than"),
    "no-steps": (lambda: rate(train_steps=0), "must be more than"),
}
NETWORKS = {
    "name": (lambda: models.create("wrn_1", num_classes=3), "`name` must be"),
    "classes-0": (lambda: models.create("wrn_10_1", num_classes=0), "classes"),
    "units-0": (
        lambda: models.create(
            "mlp", num_classes=3, input_shape=(4,), units=[0]
        ),
        "`units`",
    ),
    "units-one": (
        lambda: models.create("mlp", num_classes=3, input_shape=(4,), units=5),
        "`units` must be",
    ),
    "dropout-nan": (
        lambda: models.create(
            "mlp", num_classes=3, input_shape=(4,), units=[3], dropout=NAN
        ),
        "`dropout` must be",
    ),
    "dropout-high": (
        lambda: models.create("wrn_10_1", num_classes=3, dropout=2.0),
        "`dropout` must be",
    ),
    "backbone-nan": (
        lambda: models.BackboneSGD(backbone_rate=NAN),
        "`backbone_rate` must be above 0",
    ),
    "backbone-inf": (
        lambda: models.BackboneSGD(backbone_rate=INF),
        "above 0, and finite",
    ),
    "no-head": (
        lambda: models.freeze(
            keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
        ),
        "must have a layer 'logits'",
    ),
    "no-file": (
        lambda: runner.predict("no-run", ["no-picture.png"]),
        "student.keras",
    ),
}
DATA = {
    "labels-half": (
        lambda: data.split(
            IDS + 0.5, num_labeled=3, num_validation=3, num_test=3
        ),
        "integer class ids",
    ),
    "labels-negative": (
        lambda: data.split(
            IDS - 1, num_labeled=3, num_validation=3, num_test=3
        ),
        "must not be negative",
    ),
    "labels-table": (
        lambda: data.split(
            IDS[:, None], num_labeled=3, num_validation=3, num_test=3
        ),
        "of shape",
    ),
    "fraction-nan": (lambda: division(num_validation=NAN), "an integer of 0"),
    "fraction-inf": (lambda: division(num_test=INF), "an integer of 0"),
    "fraction-over-1": (lambda: division(num_test=1.5), "an integer of 0"),
    "labels-too-many": (lambda: division(num_labeled=30), "must not exceed"),
    "labels-uneven": (lambda: division(num_labeled=4), "multiple"),
    "count-true": (lambda: division(num_test=True), "an integer of 0"),
    "split-seed-half": (lambda: division(split_seed=0.5), "an integer of 0"),
    "split-seed-negative": (lambda: division(seed=-1), "an integer of 0"),
    "unlabelled-none": (lambda: division(unlabeled="none"), "'all' or 'rest'"),
    "batch-0": (lambda: pair(batch_size=0), "`batch_size` must"),
    "batch-half": (lambda: pair(batch_size=1.5), "`batch_size` must"),
    "batch-true": (lambda: pair(batch_size=True), "`batch_size` must"),
    "ratio-0": (lambda: pair(unlabeled_ratio=0), "`unlabeled_ratio` must"),
    "ratio-nan": (lambda: pair(unlabeled_ratio=NAN), "`unlabeled_ratio` must"),
    "view-none": (lambda: pair(strong=3), "`strong` must be"),
    "inputs-nan": (
        lambda: data.pair(
            (POINTS * NAN, IDS), POINTS, strong=lambda i, s: i, batch_size=6
        ),
        "must be finite",
    ),
    "lengths": (
        lambda: data.pair(
            (POINTS, IDS[:5]), POINTS, strong=lambda i, s: i, batch_size=5
        ),
        r"arrays of one length\. Received: lengths \[12, 5\]",
    ),
    "moons-nan": (lambda: data.two_moons(noise=NAN), "`noise` must be"),
    "moons-negative": (lambda: data.two_moons(noise=-1.0), "`noise` must be"),
    "moons-one": (lambda: data.two_moons(1), "`num_points` must be"),
    "moons-half": (lambda: data.two_moons(9.5), "`num_points` must be"),
    "no-folder": (
        lambda: data.find_files("no-such-folder", is_labeled=True),
        "no-such-folder",
    ),
    "no-picture": (
        lambda: data.read_image("no-such.png", size=8),
        "no-such.png",
    ),
    "no-records": (
        lambda: data.records("no-such-*", lambda record, seeds: record),
        "`files` must name",
    ),
    "no-data": (lambda: data.load("no-such-set"), "must be one of"),
}
RECIPES = {
    "unknown": (lambda: recipes.find("digits_21"), "must be one of"),
    "no-json": (lambda: recipes.Recipe.from_json("{"), "JSON"),
    "list": (lambda: recipes.Recipe.from_json("[]"), "Received"),
    "deep": (lambda: recipes.Recipe.from_json("[" * 10**5), "Received"),
    "empty": (lambda: recipes.Recipe.from_json("{}"), "Received"),
    "nan": (
        lambda: recipes.override(
            recipes.find("digits_20"), ["student.peak_lr=nan"]
        ),
        "finite",
    ),
    "no-run": (lambda: report.read_records("no-such-run"), "metrics.jsonl"),
    "strategy": (lambda: runner.make_strategy("cloud"), "`strategy` must be"),
    "replicas": (
        lambda: runner.make_strategy("mirrored:0"),
        "from 1 to 64 replicas",
    ),
    "replicas-many": (
        lambda: runner.make_strategy(f"mirrored:{10**20}"),
        "from 1 to 64 replicas",
    ),
    "compare-one": (lambda: runner.compare(["a"], "b.html"), "two run folders"),
    "seed": (lambda: runner.run("digits_20", seed=0.5, verbose=0), "`seed`"),
    "budget": (
        lambda: runner.run("digits_20", budget="soon", verbose=0),
        "`budget`",
    ),
    "resume-none": (lambda: runner.resume("no-such-run"), "config.json"),
}
ROWS = {
    f"{kind}-{name}": row
    for kind, rows in {
        "view": VIEWS,
        "schedule": SCHEDULES,
        "network": NETWORKS,
        "data": DATA,
        "recipe": RECIPES,
    }.items()
    for name, row in rows.items()
}


@pytest.mark.parametrize("name", ROWS)
def test_a_setting_that_cannot_be_used_is_one_line(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call, pattern = ROWS[name]
    with pytest.raises(ValueError, match=pattern) as caught:
        call()
    message = str(caught.value)
    assert "Received" in message
    assert "\n" not in message
    assert "\x1b" not in message
    assert not [*tmp_path.iterdir()]
