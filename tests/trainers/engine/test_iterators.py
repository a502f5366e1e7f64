"""A Python iterator becomes a data set of which no batch is lost."""

import numpy as np
import pytest

from keras_mpl.trainers.engine import iterators
from tests import helpers


def pairs(sizes):
    for seed, size in enumerate(sizes):
        batch = helpers.fake_batch(labeled=size, unlabeled=2 * size, seed=seed)
        yield tuple(batch[:2]), tuple(batch[2:])


def test_every_batch_comes_once_in_order_whatever_its_size():
    whole, head = iterators.dataset(pairs([2, 3, 1]))
    found = list(whole)
    assert [len(batch.labels) for batch in found] == [2, 3, 1]
    for seed, batch in enumerate(found):
        size = len(batch.labels)
        expected = helpers.fake_batch(
            labeled=size, unlabeled=2 * size, seed=seed
        )
        np.testing.assert_array_equal(
            batch.labeled_inputs, expected.labeled_inputs
        )
    [first] = head
    np.testing.assert_array_equal(first.labels, found[0].labels)


def test_looking_at_the_head_takes_nothing_from_the_whole():
    whole, head = iterators.dataset(pairs([2, 2]))
    list(head)
    assert len(list(whole)) == 2


def test_an_empty_iterator_is_refused():
    with pytest.raises(ValueError, match=r"an iterator that is empty"):
        iterators.dataset(iter(()))


def test_what_is_no_pair_is_refused():
    inputs, labels = helpers.fake_batch()[:2]
    with pytest.raises(ValueError, match=r"must be given batches of"):
        iterators.dataset(iter([(inputs, labels)]))
