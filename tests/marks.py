"""Which rows of a parametrised test .ci/run makes, and which .ci/slow alone."""

import pytest


def slow_but(quick, every):
    """Marks all values slow but the quick ones; rows are tuples."""
    return [
        pytest.param(
            *(one if isinstance(one, tuple) else (one,)),
            marks=() if one in quick else pytest.mark.slow,
        )
        for one in every
    ]
