"""A traced model that is used again learns as a new one."""

import numpy as np
import pytest


def _weights(trainer):
    return [w for v in trainer._variables(trainer._kept) for w in [v.numpy()]]


@pytest.mark.slow
def test_a_reused_model_learns_what_a_fresh_one_learns(ablation):
    reused = ablation.trainer("soft", 10, "uda", 1.0)
    reused.run(3, "validation")
    reused.run(5, "validation")
    fresh = ablation.trainer("soft", 10, "uda", 1.0)
    fresh.run(5, "validation")
    for ours, theirs in zip(_weights(reused), _weights(fresh), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)
