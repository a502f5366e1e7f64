"""Classes become rare one after the other, in an order that a seed draws."""

import numpy as np

from benchmarks.accuracy import imbalance


def test_the_rarest_class_has_a_tenth_of_the_most_frequent():
    labels = np.repeat(np.arange(10), 30)[
        np.random.default_rng(3).permutation(300)
    ]
    kept = imbalance.long_tailed(labels, seed=0)
    counts = np.bincount(labels[kept], minlength=10)
    assert sorted(counts, reverse=True) == [30, 23, 18, 14, 11, 8, 6, 5, 4, 3]
    assert len(set(kept)) == len(kept)
    others = imbalance.long_tailed(labels, seed=1)
    assert counts.tolist() != np.bincount(labels[others]).tolist()
    np.testing.assert_array_equal(kept, imbalance.long_tailed(labels, seed=0))


def test_alignment_is_tried_where_there_are_pseudo_labels():
    names = {(method, option) for method, option, _ in imbalance.rows()}
    assert ("supervised", "alignment") not in names
    assert {m for m, option in names if option == "both"} == {"uda", "mpl"}
