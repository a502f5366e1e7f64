"""Top-1, top-5 and ReaL, by hand."""

import numpy as np
import pytest

from keras_mpl import report

# Four images; the best six classes of each, and its label.
BEST = np.array(
    [
        [7, 1, 2, 3, 4, 5],  # first
        [1, 2, 3, 4, 7, 5],  # fifth
        [1, 2, 3, 4, 5, 7],  # sixth
        [7, 0, 1, 2, 3, 4],  # first
    ]
)
LABELS = np.array([7, 7, 7, 7])
REAL = [{7, 8}, {1}, {9}, set()]  # right, right, wrong, left out


def test_top_1_and_top_5_and_real_by_hand():
    found = report.scores(BEST, LABELS, REAL)
    assert found == {
        "accuracy": 2 / 4,
        "top_5_accuracy": 3 / 4,
        "real_accuracy": pytest.approx(2 / 3),
    }


def test_classes_alone_have_top_1_alone():
    assert report.scores(BEST[:, 0], LABELS) == {"accuracy": 0.5}


def test_real_of_nothing_is_not_a_number():
    assert np.isnan(report.real_accuracy(np.array([1]), [set()]))


def test_balanced_accuracy_is_the_mean_recall_of_the_classes_there():
    labels = np.array([0, 0, 0, 0, 2, 2, 5])
    said = np.array([0, 0, 0, 1, 2, 0, 5])
    found = report.scores(said, labels, has_balanced=True)
    assert found == {
        "accuracy": pytest.approx(5 / 7),
        "balanced_accuracy": pytest.approx((3 / 4 + 1 / 2 + 1) / 3),
    }
