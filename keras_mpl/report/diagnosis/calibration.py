"""Whether probabilities mean what they say, and the temperature that helps.

Guo et al., "On Calibration of Modern Neural Networks" (arXiv:1706.04599).
"""

from typing import NamedTuple

import numpy as np

NUM_BINS = 15
MIN_EXAMPLES = 20  # of the validation set; fewer say nothing about confidence
_RANGE = 0.05, 20.0  # where a temperature is looked for


class Reliability(NamedTuple):
    """Confidence and accuracy, by bins of equal width of the confidence.

    Attributes:
        counts: Examples of each bin, shape `(num_bins,)`.
        confidence: Their mean confidence; NaN in an empty bin.
        accuracy: The share of them that are right; NaN in an empty bin.
    """

    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray

    @property
    def error(self) -> float:
        """The expected calibration error, a fraction."""
        gaps = np.nan_to_num(np.abs(self.confidence - self.accuracy))
        return float(np.average(gaps, weights=self.counts))


def reliability(probs: np.ndarray, labels: np.ndarray) -> Reliability:
    """Compares the confidence of answers with how often they are right.

    Args:
        probs: Class probabilities, shape `(num_examples, num_classes)`.
        labels: True classes, shape `(num_examples,)`.

    Returns:
        The bins of the reliability diagram.

    >>> probs = np.array([[0.9, 0.1], [0.9, 0.1]])
    >>> round(reliability(probs, np.array([0, 1])).error, 3)
    0.4
    """
    confidence = probs.max(axis=1)
    is_right = probs.argmax(axis=1) == labels
    places = np.minimum((confidence * NUM_BINS).astype(int), NUM_BINS - 1)
    counts, sums, hits = (
        np.bincount(places, weights, minlength=NUM_BINS)
        for weights in (None, confidence, is_right)
    )
    with np.errstate(invalid="ignore"):
        return Reliability(counts, sums / counts, hits / counts)


def error_by_chance(probs: np.ndarray, draws: int = 100) -> float:
    """Returns the calibration error that faultless probabilities would have.

    With few examples a bin is never as right as it is confident.

    Args:
        probs: Class probabilities, shape `(num_examples, num_classes)`.
        draws: How often answers are drawn right or wrong by their confidence.

    Returns:
        The mean error over the draws, a fraction.

    >>> error_by_chance(np.array([[1.0, 0.0]] * 3))
    0.0
    """
    rng = np.random.default_rng(0)
    confidence = probs.max(axis=1)
    places = np.minimum((confidence * NUM_BINS).astype(int), NUM_BINS - 1)
    is_right = rng.random((draws, len(confidence))) < confidence
    sums = [np.bincount(places, confidence - hits) for hits in is_right]
    return float(np.mean(np.abs(sums).sum(axis=1)) / len(confidence))


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float | None:
    """Finds the temperature that logits must be divided by.

    It minimises the cross-entropy of labels that were held out. The most
    probable class stays what it is.

    Args:
        logits: Of validation examples, shape `(num_examples, num_classes)`.
        labels: True classes, shape `(num_examples,)`.

    Returns:
        A temperature above 0; `None` if there are fewer than 20 examples, or
        all are right (the best temperature would be 0) or all are wrong.

    >>> logits = np.array([[4.0, 0.0]] * 20)
    >>> labels = np.array([1] * 5 + [0] * 15)  # 75 % are right
    >>> temperature = fit_temperature(logits, labels)
    >>> float(calibrated(logits, temperature)[0, 0])
    0.75
    """
    from scipy import optimize

    is_right = logits.argmax(axis=1) == labels
    if len(labels) < MIN_EXAMPLES or is_right.all() or not is_right.any():
        return None
    found = optimize.minimize_scalar(
        lambda power: log_loss(calibrated(logits, np.exp(power)), labels),
        bounds=tuple(np.log(_RANGE)),
        method="bounded",
    )
    return float(np.exp(found.x))


def calibrated(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Returns class probabilities of logits divided by a temperature.

    Args:
        logits: Shape `(num_examples, num_classes)`.
        temperature: Above 0; 1 is the plain softmax.

    >>> calibrated(np.log(np.array([[0.8, 0.2]])), 2.0).round(3).tolist()
    [[0.667, 0.333]]
    """
    scaled = np.asarray(logits, np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def log_loss(probs: np.ndarray, labels: np.ndarray) -> float:
    """Returns the mean cross-entropy of labels, in nats.

    Args:
        probs: Class probabilities, shape `(num_examples, num_classes)`.
        labels: True classes, shape `(num_examples,)`.

    >>> round(log_loss(np.array([[0.5, 0.5]]), np.array([1])), 3)
    0.693
    """
    given = probs[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(given, np.finfo(np.float64).tiny)).mean())
