"""Strategies that several properties share."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

SHAPES = st.tuples(st.integers(1, 5), st.integers(2, 6))


def floats(low, high):
    """Floats of 32 bits, from within the bounds."""
    low, high = np.float32(low), np.float32(high)
    return st.floats(float(low), float(high), width=32, allow_subnormal=False)


def logits(shape, largest=50.0):
    return arrays.arrays(
        "float32", shape, elements=floats(-largest, largest), fill=st.nothing()
    )


def probs(shape):
    """Rows that sum to 1, with zeros among them now and then."""
    weights = arrays.arrays(
        "float32", shape, elements=floats(0.0, 1.0), fill=st.nothing()
    )
    return weights.map(_normalised)


def _normalised(weights):
    weights = weights.astype("float64")
    weights[:, 0] += 1e-3
    return (weights / weights.sum(-1, keepdims=True)).astype("float32")


SEEDS = st.tuples(
    st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31 - 1)
).map(np.int32)
