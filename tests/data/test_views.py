"""Views are applied in order, each with seeds of its own site."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import seeds
from keras_mpl.data.views import Views
from keras_mpl.seeds import Site

INPUTS = tf.constant([[1.0], [2.0]])
EXAMPLES = tf.constant([[3.0], [4.0], [5.0]])
LABELS = tf.constant([0, 1], tf.int64)
KEY = seeds.key(7)


def recorded(seen, factor):
    """A view that multiplies, and keeps the seeds that it was given."""

    def view(inputs, keys):
        seen.append(keys.numpy().tolist())
        return factor * inputs

    return view


def test_each_view_has_the_seeds_of_its_own_site():
    weak, strong = [], []
    batch = Views(weak=recorded(weak, 10.0), strong=recorded(strong, 100.0))(
        INPUTS, LABELS, EXAMPLES, KEY
    )
    np.testing.assert_array_equal(batch.labeled_inputs, 10 * INPUTS)
    np.testing.assert_array_equal(batch.weak_inputs, 10 * EXAMPLES)
    np.testing.assert_array_equal(batch.strong_inputs, 100 * EXAMPLES)
    site = {s: seeds.fold_in(KEY, s).numpy().tolist() for s in Site}
    assert weak == [site[Site.LABELED_VIEW], site[Site.WEAK_VIEW]]
    assert strong == [site[Site.STRONG_VIEW]]


def test_the_strong_view_may_be_made_of_the_weak_one():
    views = Views(
        weak=recorded([], 10.0), strong=recorded([], 100.0), strong_from="weak"
    )
    batch = views(INPUTS, LABELS, EXAMPLES, KEY)
    np.testing.assert_array_equal(batch.strong_inputs, 1000 * EXAMPLES)


def test_pairs_of_views_that_are_made_already_stay_as_they_are():
    batch = Views(weak=None, strong=None)(
        INPUTS, LABELS, (EXAMPLES, -EXAMPLES), KEY
    )
    np.testing.assert_array_equal(batch.labeled_inputs, INPUTS)
    np.testing.assert_array_equal(batch.weak_inputs, EXAMPLES)
    np.testing.assert_array_equal(batch.strong_inputs, -EXAMPLES)


def test_finish_comes_last_on_every_view():
    views = Views(
        weak=recorded([], 10.0),
        strong=recorded([], 100.0),
        finish=lambda view: view + 1.0,
    )
    batch = views(INPUTS, LABELS, EXAMPLES, KEY)
    np.testing.assert_array_equal(batch.labeled_inputs, 10 * INPUTS + 1)
    np.testing.assert_array_equal(batch.strong_inputs, 100 * EXAMPLES + 1)


def test_layers_of_keras_are_views_in_training_mode():
    noisy = keras.layers.Dropout(0.999, seed=0)
    batch = Views(weak=None, strong=noisy)(INPUTS, LABELS, EXAMPLES, KEY)
    np.testing.assert_array_equal(batch.strong_inputs, 0 * EXAMPLES)


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [(LABELS, "int32"), (tf.constant([[0.5, 0.5]] * 2), "float32")],
    ids=["ids", "probabilities"],
)
def test_ids_are_int32_and_probabilities_as_they_are(labels, dtype):
    batch = Views(weak=None, strong=None)(
        INPUTS, labels, (EXAMPLES, EXAMPLES), KEY
    )
    assert batch.labels.dtype.name == dtype
    np.testing.assert_array_equal(batch.labels, labels)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weak": 3}, "`weak` must be"),
        ({"strong": "randaugment"}, "`strong` must be"),
        ({"strong_from": "strong"}, "`strong_from` must be 'raw' or 'weak'"),
        ({"finish": 2.0}, "`finish` must be a function"),
    ],
)
def test_what_is_no_view_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Views(**{"weak": None, "strong": None, **settings})
