"""Losses are computed in float32 or float64."""

import pytest
from keras import ops

from keras_mpl import losses


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("float16", "float32"),
        ("bfloat16", "float32"),
        ("float32", "float32"),
        ("float64", "float64"),
    ],
)
def test_half_precision_is_widened_to_at_least_float32(given, expected):
    assert losses.at_least_float32(ops.ones((2,), given)).dtype.name == expected


@pytest.mark.usefixtures("wide_default")
def test_precision_follows_what_is_given_and_not_the_default():
    values = ops.ones((2,), "float16")
    assert losses.at_least_float32(values).dtype.name == "float32"
    hits = losses.correct(ops.array([0]), ops.array([[1.0, 0.0]]))
    assert hits.dtype.name == "float32"
