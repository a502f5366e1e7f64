"""Metrics in validation: one copy for every network that is measured.

Networks end in logits and labels come in two forms, while each metric of Keras
expects its own form of both. Here it gets what it expects.
"""

import contextlib
import inspect
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import Literal
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_mpl import losses
from keras_mpl.types import MetricLike
from keras_mpl.types import Tensor

# Class ids, probabilities, those with the most probable class alone, or as
# they came: labels in either form, and logits.
Form = Literal["ids", "probs", "one_hot", "given"]

_OF_KERAS = keras.metrics
_OF_IDS = (
    _OF_KERAS.SparseCategoricalAccuracy,
    _OF_KERAS.SparseTopKCategoricalAccuracy,
    _OF_KERAS.SparseCategoricalCrossentropy,
)
_OF_SCORES = (
    _OF_KERAS.Hinge,
    _OF_KERAS.SquaredHinge,
    _OF_KERAS.CategoricalHinge,
)
# Their labels are soft where they came so; those of all others are 0 or 1.
_OF_PROBS = (
    _OF_KERAS.CategoricalCrossentropy,
    _OF_KERAS.BinaryCrossentropy,
    _OF_KERAS.KLDivergence,
    _OF_KERAS.Poisson,
    _OF_KERAS.MeanSquaredError,
    _OF_KERAS.RootMeanSquaredError,
    _OF_KERAS.MeanAbsoluteError,
    _OF_KERAS.CosineSimilarity,
)


class Measured(NamedTuple):
    """A metric of one network.

    Attributes:
        metric: Its own copy.
        labels: The form of labels that it expects.
        predictions: The form of predictions that it expects.
    """

    metric: keras.metrics.Metric
    labels: Form
    predictions: Form

    def update(
        self, labels: Tensor, logits: Tensor, weights: Tensor | None = None
    ) -> None:
        """Measures one batch.

        Args:
            labels: Class ids or probabilities, as they came.
            logits: Predictions, shape `(batch, num_classes)`.
            weights: Of each example, shape `(batch,)`, or `None`.
        """
        classes = logits.shape[-1]
        dtype = keras.backend.standardize_dtype(logits.dtype)
        predicted = logits
        if self.predictions != "given":
            predicted = _as(self.predictions, tf.nn.softmax(logits))
        if self.labels != "given":
            probs = losses.class_probs(labels, classes, dtype)
            labels = _as(self.labels, probs)
        self.metric.update_state(labels, predicted, sample_weight=weights)


def _as(form: Form, probs: Tensor) -> Tensor:
    if form == "probs":
        return probs
    ids = tf.argmax(probs, axis=-1)
    if form == "ids":
        return ids
    return tf.one_hot(ids, probs.shape[-1], dtype=probs.dtype)


def of_network(given: MetricLike, prefix: str, classes: int) -> Measured:
    """Makes one network's own copy of a metric that the user gave.

    Args:
        given: A Keras metric, its name or a function of labels and logits;
            `"accuracy"` takes integer and one-hot labels.
        prefix: Put before its name: `""`, `"student_"` or `"teacher_"`.
        classes: What the network predicts.

    Raises:
        ValueError: If it can not measure classes.
    """
    if isinstance(given, str) and given in ("accuracy", "acc"):
        name = f"{prefix}accuracy"
        hits = keras.metrics.MeanMetricWrapper(losses.correct, name=name)
        hits._direction = "up"  # as the metrics of Keras say it
        return Measured(hits, "given", "given")
    with _one_line(given):
        metric = keras.metrics.get(given)
        if isinstance(metric, keras.metrics.Metric):
            named = {**metric.get_config(), "name": prefix + metric.name}
            _check_config(metric, named)
            copy = type(metric).from_config(named)
            forms = _forms(metric)
        else:
            name = getattr(metric, "__name__", None) or metric.name
            copy = keras.metrics.MeanMetricWrapper(metric, name=prefix + name)
            forms = _forms_of_function(metric, name)
        measured = Measured(copy, *forms)
        _try(measured, classes)
    return measured


def _check_config(
    metric: keras.metrics.Metric, config: Mapping[str, object]
) -> None:
    """Raises if a copy would have other arguments than a user's own metric."""
    if type(metric).__module__.partition(".")[0] == "keras":
        return
    parameters = inspect.signature(type(metric).__init__).parameters
    lost = [
        name
        for name, one in [*parameters.items()][1:]
        if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        and name not in config
    ]
    if lost:
        raise ValueError(
            f"it must have a `get_config` with {', '.join(lost)}, as each "
            "network has a copy of it"
        )


def _forms(metric: keras.metrics.Metric) -> tuple[Form, Form]:
    """Labels and predictions that a metric expects."""
    of_probs: Form = "given" if getattr(metric, "from_logits", 0) else "probs"
    if isinstance(metric, _OF_IDS):
        return "ids", of_probs
    if isinstance(metric, _OF_KERAS.Accuracy):
        return "ids", "ids"
    if isinstance(metric, _OF_KERAS.IoU):
        return (
            "ids" if metric.sparse_y_true else "one_hot",
            "ids" if metric.sparse_y_pred else "probs",
        )
    if isinstance(metric, _OF_SCORES):
        return "one_hot", "given"
    if isinstance(metric, _OF_PROBS):
        return "probs", of_probs
    if _is_of_keras(type(metric)):
        return "one_hot", of_probs
    return _forms_of_own(metric)


def _is_of_keras(kind: type) -> bool:
    """Whether Keras knows what a metric expects; not of one from scratch."""
    bases = (_OF_KERAS.Metric, _OF_KERAS.Mean, _OF_KERAS.MeanMetricWrapper)
    return any(
        base.__module__.split(".")[0] == "keras" and base not in bases
        for base in kind.__mro__
        if issubclass(base, _OF_KERAS.Metric)
    )


def _forms_of_own(metric: Any) -> tuple[Form, Form]:
    """A user's own metric gets what came, unless it asks for probabilities."""
    function = getattr(metric, "_fn", None)
    if function is not None:
        return _forms_of_function(function, getattr(function, "__name__", ""))
    asks = getattr(metric, "from_logits", True)
    return "given", "given" if asks else "probs"


def _forms_of_function(function: Any, name: str) -> tuple[Form, Form]:
    """A function of Keras is its metric; a user's own gets what came."""
    module = getattr(function, "__module__", type(function).__module__) or ""
    if module.split(".")[0] != "keras":
        return "given", "given"
    is_of_logits = getattr(function, "from_logits", False)
    labels: Form = "ids" if name.startswith("sparse") else "probs"
    if "accuracy" in name and labels != "ids":
        labels = "one_hot"
    return labels, "given" if is_of_logits or "hinge" in name else "probs"


def _try(measured: Measured, classes: int) -> None:
    """Measures two examples, to hear now and not in validation what fails.

    One form of labels is enough for a metric that takes them as they come.
    """
    known = getattr(measured.metric, "num_classes", None)
    if known is not None and known != classes:
        raise ValueError(f"it is of {known} classes, the networks of {classes}")
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        return
    ids = np.array([0, classes - 1])
    one_hot = np.eye(classes, dtype="float32")[ids]
    failed: list[Exception] = []
    for labels in (ids, one_hot):
        try:
            measured.update(tf.constant(labels), tf.constant(one_hot))
            measured.metric.result()
        except Exception as error:
            failed.append(error)
        measured.metric.reset_state()
    if failed and (measured.labels != "given" or len(failed) == 2):
        raise failed[0]


@contextlib.contextmanager
def _one_line(given: Any) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        name = getattr(given, "name", None) or getattr(given, "__name__", given)
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(
            "`metrics` must be metrics of labels and predictions of "
            f"classes. Received: {name!r}, which fails with: {reason[0]}"
        ) from error


def direction(metric: keras.metrics.Metric) -> Literal["max", "min"] | None:
    """Whether more of a metric is better, or less; `None` if nobody knows."""
    said = getattr(metric, "_direction", None)
    if said is not None:
        return "max" if said == "up" else "min"
    if "accuracy" in metric.name:
        return "max"
    return "min" if "loss" in metric.name else None
