"""The table is scaled column by column."""

import numpy as np

from keras_mpl.data import tabular


def test_columns_have_mean_0_and_standard_deviation_1():
    features, labels = tabular.breast_cancer()
    assert (features.dtype, labels.dtype) == (np.float32, np.int32)
    np.testing.assert_allclose(features.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(features.std(0), 1, atol=1e-5)
    assert set(labels) == {0, 1}
