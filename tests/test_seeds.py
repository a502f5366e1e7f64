"""Keys are a function of what they are folded from, and of nothing else."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import seeds
from keras_mpl.seeds import Site


def values(key):
    return tuple(key.numpy().tolist())


def test_every_seed_step_replica_and_site_has_its_own_key():
    keys = [
        values(seeds.fold_in(seeds.key(seed), step, replica, site))
        for seed, step, replica, site in itertools.product(
            (0, 1), (0, 1, 2), (0, 1), Site
        )
    ]
    assert len(set(keys)) == len(keys)


def test_order_of_folding_matters():
    key = seeds.key(0)
    assert values(seeds.fold_in(key, 1, 2)) != values(seeds.fold_in(key, 2, 1))


def test_folding_one_by_one_is_folding_at_once():
    key = seeds.key(3)
    nested = seeds.fold_in(seeds.fold_in(key, 4), 5)
    assert values(seeds.fold_in(key, 4, 5)) == values(nested)


@pytest.mark.parametrize(
    "seed", [0, 7, 2**31 - 1, 2**31, 2**32, 2**63 - 1, -1, -(2**63)]
)
def test_all_64_bits_of_a_seed_count(seed):
    low, high = values(seeds.key(seed))
    found = (low & 0xFFFFFFFF) | (high & 0xFFFFFFFF) << 32
    assert found == seed % 2**64


def test_a_traced_step_gives_the_key_of_an_eager_one():
    @tf.function(jit_compile=True)
    def traced(step):
        return seeds.fold_in(seeds.key(7), step, Site.STUDENT)

    step = tf.constant(5, tf.int64)
    assert values(traced(step)) == values(seeds.fold_in(seeds.key(7), 5, 1))


def test_draws_of_neighbouring_steps_are_unrelated():
    draws = [
        tf.random.stateless_uniform(
            (500,), seeds.fold_in(seeds.key(0), step), alg="philox"
        )
        for step in range(4)
    ]
    correlations = np.corrcoef(np.stack(draws)) - np.eye(4)
    assert np.abs(correlations).max() < 0.2
