"""The corpus follows from its seed, and its words from their topic."""

import numpy as np

from keras_mpl.data import text


def test_the_corpus_follows_from_its_seed():
    first, again, other = (text.topics(40, seed=s)[0] for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.5


def test_the_corpus_is_the_one_it_always_was():
    tokens, _ = text.topics()
    assert tokens[:2, :5].tolist() == GOLDEN


# Made by `text.topics()` of this package, NumPy 2.4.6.
GOLDEN = [[58, 80, 11, 68, 55], [18, 86, 35, 107, 69]]


def test_words_are_known_and_none_is_the_dropped_one():
    assert len(set(text.VOCABULARY)) == len(text.VOCABULARY)
    tokens, labels = text.topics(400)
    assert tokens.min() > text.DROPPED
    assert tokens.max() < len(text.VOCABULARY)
    assert np.bincount(labels).tolist() == [100] * 4


def test_three_tenths_of_the_words_are_of_the_topic():
    tokens, labels = text.topics(4000)
    start = len(text.VOCABULARY) - 4 * 24
    topic = (tokens - start) // 24
    is_topical = tokens >= start
    own = is_topical & (topic == labels[:, None])
    np.testing.assert_allclose(own.mean(), 0.3, atol=0.01)
    np.testing.assert_allclose((is_topical & ~own).mean(), 0.1, atol=0.01)
    counts = np.bincount((tokens[own] - start) % 24, minlength=24)
    np.testing.assert_allclose(counts[0] / counts[1], 2.0, rtol=0.1)  # 1/rank


def test_words_are_spelled():
    tokens = np.array([[text.VOCABULARY.index(w) for w in ("rain", "the")]])
    assert text.words(tokens) == ["rain the"]
