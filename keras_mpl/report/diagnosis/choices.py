"""Which examples a person should look at."""

from collections.abc import Mapping

import numpy as np

from keras_mpl.report.diagnosis import calibration
from keras_mpl.report.predictions import Predictions

MOST = 24  # of each kind


def worst(probs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Returns the places of wrong answers, the most confident first.

    Args:
        probs: Class probabilities, shape `(num_examples, num_classes)`.
        labels: True classes, shape `(num_examples,)`.

    >>> probs = np.array([[0.6, 0.4], [0.9, 0.1], [0.8, 0.2]])
    >>> worst(probs, np.array([1, 1, 0])).tolist()
    [1, 0]
    """
    wrong = np.flatnonzero(probs.argmax(axis=1) != labels)
    order = np.argsort(-probs.max(axis=1)[wrong], kind="stable")
    return wrong[order[:MOST]]


def least_certain(probs: np.ndarray) -> np.ndarray:
    """Returns the places of the least confident answers, right or wrong.

    Args:
        probs: Class probabilities, shape `(num_examples, num_classes)`.

    >>> least_certain(np.array([[0.9, 0.1], [0.5, 0.5]])).tolist()
    [1, 0]
    """
    return np.argsort(probs.max(axis=1), kind="stable")[:MOST]


def suspects(probs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Returns the places of given labels that may be wrong.

    Confident learning (Northcutt, Jiang and Chuang 2021, arXiv:1911.00068): a
    label is suspicious if the probability of another class is at least that
    class' mean self-confidence, which is the mean probability of the class over
    the examples that are labelled with it. Of several such classes the most
    probable one counts, the given one among them. A label that is the most
    probable class of all is not suspicious.

    Args:
        probs: Class probabilities of a network that has not learned these
            labels, shape `(num_examples, num_classes)`.
        labels: Given classes, shape `(num_examples,)`.

    Returns:
        Places, the least probable given label first.

    >>> probs = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.95, 0.05]])
    >>> suspects(probs, np.array([0, 0, 1, 1])).tolist()
    [3]
    """
    given = probs[np.arange(len(labels)), labels]
    thresholds = np.full(probs.shape[1], np.inf)  # of classes without examples
    for label in np.unique(labels):
        thresholds[label] = given[labels == label].mean()
    counted = np.where(probs >= thresholds, probs, -1.0)
    is_other = counted.argmax(axis=1) != labels
    is_other &= probs.argmax(axis=1) != labels
    found = np.flatnonzero((counted.max(axis=1) >= 0) & is_other)
    return found[np.argsort(given[found], kind="stable")]


def telling_examples(
    predictions: Mapping[str, Predictions], temperature: float | None
) -> dict[str, np.ndarray]:
    """Returns the examples that the page of a run shows.

    Args:
        predictions: What a student says of each part.
        temperature: What its logits are divided by, if one was fitted.

    Returns:
        By part, sorted places without repetition.
    """
    found = {}
    for part, (labels, logits, _) in predictions.items():
        probs = calibration.calibrated(logits, temperature or 1.0)
        rows = [suspects(probs, labels)[:MOST]]
        if part == "test":
            rows += [worst(probs, labels), least_certain(probs)]
        found[part] = np.unique(np.concatenate(rows))
    return found
