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
