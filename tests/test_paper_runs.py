"""Every recipe of the paper's tables trains, small; its networks fit."""

import functools
import json

import numpy as np
import pytest

from keras_mpl import data
from keras_mpl import models
from keras_mpl import recipes
from keras_mpl import runner
from keras_mpl.recipes import PAPER
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import stages
from tests import streams

SMALL = {
    "train_steps": 2,
    "eval_every_steps": 2,
    "batch_size": 4,
    "unlabeled_ratio": 2,
    "data.num_validation": 20,
    "data.num_test": 20,
    "student.warmup_steps": 0,
    "student.wait_steps": 0,
    "model": "wrn_10_1",
    "baselines": "",
}
OF_TEACHER = {"teacher.warmup_steps": 0, "teacher.wait_steps": 0}


def small(recipe, extra):
    """The recipe, at two steps a stage, with a network of 12 layers."""
    values = dict(SMALL)
    if recipe.method.has_teacher:
        values |= OF_TEACHER
    for key in ("stages.pretrain_steps", "stages.finetune_steps"):
        if recipes.settings(recipe)[key]:
            values[key] = 2
    if recipe.data.num_labeled:
        values["data.num_labeled"] = 40
    if recipe.model.teacher_network:
        values["model.teacher_network"] = "wrn_10_1"
    if data.CATALOG[recipe.data.dataset].is_streamed:
        values["data.image_size"] = 32
    if recipe.data.unlabeled_dataset == "records":
        values["data.unlabeled"] = extra
    overrides = [f"{key}={value}" for key, value in values.items()]
    return recipes.override(recipe, overrides)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    return streams.imagenet(folder), streams.extra(folder)


@pytest.mark.slow
@pytest.mark.parametrize("name", PAPER)
def test_every_recipe_trains_two_steps_a_stage(
    name, files, tmp_path, monkeypatch
):
    builder, extra = files
    monkeypatch.setattr(data, "builder", builder)
    monkeypatch.setattr(data, "load", streams.arrays)
    recipe = small(PAPER[name].recipe, extra)
    with assembly.precision(recipe.model.precision):
        loaded = assembly.load(recipe, 0)
        job = stages.job(recipe, loaded, 0)
        for stage in job.stages:
            given = stage.make_data(tmp_path)
            history = stage.model.fit(
                given.batches,
                steps_per_epoch=2,
                shuffle=False,
                verbose=0,
            ).history
            assert np.isfinite(history["student_loss"]).all(), stage.name
            assert int(stage.model.step.value) == 2
    assert job.student.output_shape == (None, loaded.num_classes)


@pytest.mark.slow
def test_a_run_on_imagenet_records_top_5_and_real_labels(
    files, tmp_path, monkeypatch
):
    builder, _ = files
    monkeypatch.setattr(data, "builder", builder)
    real = tmp_path / "real.json"
    real.write_text(json.dumps([[n] for n in range(120)]))
    recipe = small(recipes.find("imagenet_10pct_supervised"), None)
    result = runner.run(recipe, output=tmp_path / "run", verbose=0)
    row = result.rows[-1]
    assert row["test_top_5_accuracy"] >= row["test_accuracy"]
    assert "test_real_accuracy" not in row
    score = runner.evaluate(result.folder, real_labels=real)
    # The labels of the images are 0, 1, 2, ...: so are these ReaL labels.
    assert score.real == score.accuracy == row["test_accuracy"]
    assert score.top_5 == row["test_top_5_accuracy"]
    assert (result.folder / "samples.png").exists()
    with pytest.raises(ValueError, match="must be in memory"):
        runner.precompute(result.folder)


NETWORKS = sorted(
    {
        (
            model,
            recipe.data.image_size,
            recipe.data.dataset.startswith("imagenet"),
        )
        for made in PAPER.values()
        for recipe in [made.recipe]
        for model in (
            recipe.model.network,
            recipe.model.teacher_network or recipe.model.network,
        )
    }
)


@pytest.mark.slow
@pytest.mark.parametrize(("model", "size", "is_large"), NETWORKS)
def test_every_network_can_be_built_at_the_papers_size(model, size, is_large):
    classes = 1000 if is_large else 10
    found = models.size(
        functools.partial(
            models.MODELS[model],
            num_classes=classes,
            input_shape=(size, size, 3),
            dropout=0.1,
        )
    )
    assert found.output_shape == (classes,)
    known = {
        "wrn_28_2": 1_467_610,
        "wrn_28_2_released": 1_472_170,
        "resnet_50": 25_557_032,
        "efficientnet_l2": 480_309_308,
        "efficientnet_b6_wide": 316_649_180,
    }
    assert found.parameters == known.get(model, found.parameters)
