"""Differences are paired by seed."""

import pytest

from benchmarks.common.over_seeds import gap


def test_a_gap_is_paired_and_its_interval_is_students():
    ours = {0: 0.50, 1: 0.60, 2: 0.90}
    found = gap(ours, {0: 0.48, 1: 0.56, 3: 0.10})
    assert str(found) == "+3.0 (SE 1.0)"
    assert (found.better, found.number) == (2, 2)
    assert found.half_width == pytest.approx(12.706, abs=1e-3)
    assert gap(ours, {0: 0.48}) is None
