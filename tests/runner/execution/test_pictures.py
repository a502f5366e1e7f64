"""What is drawn of a run depends on its inputs: images, points, or nothing."""

import numpy as np
import pytest
from PIL import Image

from keras_mpl import recipes
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import stages
from keras_mpl.runner.execution import pictures

SMALL = (
    "train_steps=2",
    "eval_every_steps=2",
    "student.warmup_steps=0",
    "teacher.warmup_steps=0",
    "baselines=",
)


def loaded(name):
    return assembly.load(recipes.find(name), 0)


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("digits_20", "image", "Test images with the networks' answers"),
        ("two_moons", "plane", "The plane as each student divides it"),
        ("breast_cancer_10", "other", None),
        ("topics_20", "other", None),
    ],
)
def test_the_kind_of_picture_follows_from_the_inputs(name, kind, words):
    data = loaded(name)
    assert pictures.kind(data) == kind
    assert pictures.alternative(data) == words


def drawn(name, folder, *overrides):
    recipe = recipes.override(recipes.find(name), (*SMALL, *overrides))
    data = assembly.load(recipe, 0)
    job = stages.job(recipe, data, 0)
    images, labels = data.part("test")
    networks = {"": job.student, "teacher_": job.stages[-1].model.teacher}
    classes = {k: assembly.classes(n, images) for k, n in networks.items()}
    pictures.draw([job], classes, data, folder)
    return job, data, labels


@pytest.mark.parametrize("name", ["digits_20", "two_moons"])
def test_a_picture_is_written(name, tmp_path):
    drawn(name, tmp_path, "model=mlp_8_8_tanh", "model.teacher_network=none")
    with Image.open(tmp_path / "samples.png") as picture:
        assert min(picture.size) > 100
        colors = picture.convert("RGB").getcolors(1 << 24)
    assert len(colors) > 20


def test_samples_have_images_of_every_class_in_order(monkeypatch, tmp_path):
    seen = {}
    monkeypatch.setattr(
        pictures.report,
        "samples",
        lambda images, labels, said, **settings: (
            seen.update(images=images, labels=labels, said=said, **settings)
            or Figure()
        ),
    )
    _, data, labels = drawn(
        "digits_20", tmp_path, "model=mlp_8_8_tanh", "data.num_test=200"
    )
    assert seen["labels"].tolist() == np.repeat(range(10), 8).tolist()
    assert seen["by_class"]
    rows = np.flatnonzero(labels == 3)[:8]
    np.testing.assert_array_equal(
        seen["images"][24:32], data.part("test")[0][rows]
    )


@pytest.mark.parametrize(
    ("num_classes", "each"), [(2, 8), (12, 8), (13, 7), (90, 1), (1000, 1)]
)
def test_the_grid_of_samples_is_bounded(num_classes, each):
    labels = np.arange(20 * num_classes) % num_classes
    rows = pictures._by_class(labels, num_classes)
    counts = np.bincount(labels[rows])
    assert set(counts.tolist()) == {each}
    assert len(rows) == min(96, each * num_classes)


def test_nothing_is_written_of_a_table(tmp_path):
    drawn("breast_cancer_10", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_plane_shows_what_the_student_says(monkeypatch, tmp_path):
    titles = []
    monkeypatch.setattr(
        pictures.report,
        "plane",
        lambda panels, *_: titles.extend(panels) or Figure(),
    )
    job, data, labels = drawn("two_moons", tmp_path)
    right = assembly.classes(job.student, data.part("test")[0]) == labels
    assert titles == [f"two_moons: {100 * np.mean(right):.1f} % right"]


class Figure:
    def savefig(self, path):
        assert path.name == "samples.png"
