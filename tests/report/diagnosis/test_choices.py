"""Which examples are shown: the most wrong, the least sure, odd labels."""

import numpy as np

from keras_mpl.report import Predictions
from keras_mpl.report.diagnosis import choices


def _noisy(count=600, classes=3, flipped=30):
    """Confident probabilities of the true classes, and some wrong labels.

    They vary less than wrong labels lower the mean self-confidence.
    """
    rng = np.random.default_rng(1)
    true = rng.integers(0, classes, count)
    probs = 0.04 * rng.dirichlet(np.ones(classes), count)
    probs += 0.96 * (0.05 + 0.85 * np.eye(classes)[true])
    labels = true.copy()
    labels[:flipped] = (true[:flipped] + 1) % classes
    return probs, labels


def test_labels_that_were_changed_are_found_and_no_others():
    probs, labels = _noisy()
    assert sorted(choices.suspects(probs, labels)) == list(range(30))


def test_a_label_is_no_suspect_below_the_other_class_mean_self_confidence():
    # The mean self-confidence of class 0 is 0.9.
    probs = np.array([[0.9, 0.1], [0.1, 0.9], [0.75, 0.25]])
    assert choices.suspects(probs, np.array([0, 1, 1])).tolist() == []
    probs[2] = 0.91, 0.09
    assert choices.suspects(probs, np.array([0, 1, 1])).tolist() == [2]


def test_a_label_that_the_student_agrees_with_is_no_suspect():
    # Class 1 is believed in with 0.4 where it is the label; the last example
    # exceeds that, and still says class 0, which is its label.
    probs = np.array([[0.9, 0.1], [0.6, 0.4], [0.55, 0.45]])
    assert choices.suspects(probs, np.array([0, 1, 0])).tolist() == []


def test_a_class_without_a_label_makes_no_suspects():
    probs = np.array([[0.2, 0.8], [0.3, 0.7]])
    assert choices.suspects(probs, np.array([0, 0])).tolist() == []


def test_suspects_are_sorted_by_the_probability_of_their_label():
    probs, labels = _noisy()
    found = choices.suspects(probs, labels)
    given = probs[found, labels[found]]
    assert (np.diff(given) >= 0).all()


def test_the_number_of_examples_is_bounded():
    probs, labels = _noisy(flipped=600)
    assert len(choices.worst(probs, labels)) == choices.MOST
    assert len(choices.least_certain(probs)) == choices.MOST
    said = Predictions(labels, np.log(probs).astype(np.float32))
    found = choices.telling_examples({"test": said, "validation": said}, None)
    assert len(found["validation"]) <= choices.MOST
    assert len(found["test"]) <= 3 * choices.MOST


def test_the_telling_examples_are_those_that_the_page_shows():
    probs, labels = _noisy()
    said = Predictions(labels, np.log(probs).astype(np.float32))
    found = choices.telling_examples({"test": said, "validation": said}, 2.0)
    softer = probs**0.5 / (probs**0.5).sum(axis=1, keepdims=True)
    shown = {
        *choices.suspects(softer, labels)[: choices.MOST].tolist(),
        *choices.worst(softer, labels).tolist(),
        *choices.least_certain(softer).tolist(),
    }
    assert set(found["test"].tolist()) == shown
