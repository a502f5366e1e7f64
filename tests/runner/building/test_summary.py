"""What a run records of its data is what its networks were shown."""

import numpy as np
import pytest

from keras_mpl import recipes
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import datasets
from keras_mpl.runner.building import summary


def loaded(name, *overrides):
    return assembly.load(recipes.override(recipes.find(name), overrides), 0)


def test_digits_are_shown_as_they_are():
    scale = summary.normalization(loaded("digits_20"))
    assert scale == {"mean": [0.0], "std": [1.0]}


def test_tables_have_no_pixels():
    assert summary.normalization(loaded("breast_cancer_10")) is None


@pytest.mark.parametrize(
    "name", ["folder", "cifar10_4k", "svhn_1k_uda", "imagenet_jft_mpl"]
)
def test_the_formula_of_the_report_is_that_of_the_run(name):
    finish = datasets.finish(recipes.find(name))
    rng = np.random.default_rng(0)
    channels = len(finish.mean)
    pixels = rng.integers(0, 256, (2, 4, 4, channels), dtype=np.uint8)
    mean, std = np.array(finish.mean), np.array(finish.std)
    by_hand = (pixels / 255 - mean) / std
    np.testing.assert_allclose(finish(pixels), by_hand, atol=1e-5)
