"""Views of tables and texts: stateless, and as strong as they say."""

import numpy as np
import pytest
import tensorflow as tf

from keras_mpl.augment import rows

TABLE = tf.reshape(tf.range(2000.0), (200, 10))
TOKENS = tf.ones((200, 10), "int32") * tf.range(1, 11)


@pytest.mark.parametrize(
    ("view", "inputs"),
    [(rows.table_strong, TABLE), (rows.text_strong, TOKENS)],
    ids=["table", "text"],
)
def test_a_view_is_a_function_of_its_seeds(view, inputs):
    first, again, other = (view(inputs, (3, s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.mean(first != other) > 0.2
    assert first.dtype == inputs.dtype
    assert len({row.tobytes() for row in first.numpy()}) > len(first) / 2


def test_exchanged_features_are_of_the_same_column():
    found = rows.Corruption(rate=0.3)(TABLE, (0, 1)).numpy()
    changed = found != TABLE.numpy()
    np.testing.assert_allclose(changed.mean(), 0.3, atol=0.03)
    assert np.all(found % 10 == np.arange(10))  # the columns of TABLE


def test_noise_has_its_standard_deviation():
    found = rows.Corruption(noise=0.5)(TABLE, (0, 1)) - TABLE
    np.testing.assert_allclose(np.std(found), 0.5, rtol=0.05)


def test_dropped_tokens_become_the_token():
    found = rows.TokenDropout(rate=0.25, token=99)(TOKENS, (0, 1)).numpy()
    dropped = found == 99
    np.testing.assert_allclose(dropped.mean(), 0.25, atol=0.03)
    np.testing.assert_array_equal(found[~dropped], TOKENS.numpy()[~dropped])


@pytest.mark.parametrize("kind", [rows.Corruption, rows.TokenDropout])
def test_bad_rate(kind):
    with pytest.raises(ValueError, match=r"`rate` must be.*Received: rate=1"):
        kind(rate=1.0)
