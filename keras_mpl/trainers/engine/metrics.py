"""Metrics in validation: one copy for every network that is measured."""

import keras

from keras_mpl import losses
from keras_mpl.types import MetricLike


def of_network(given: MetricLike, prefix: str) -> keras.metrics.Metric:
    """Makes one network's own copy of a metric that the user gave.

    Args:
        given: A Keras metric, its name or a function of labels and logits;
            `"accuracy"` takes integer and one-hot labels.
        prefix: Put before its name: `""`, `"student_"` or `"teacher_"`.
    """
    if given in ("accuracy", "acc"):
        return keras.metrics.MeanMetricWrapper(
            losses.correct, name=f"{prefix}accuracy"
        )
    metric = keras.metrics.get(given)
    if not isinstance(metric, keras.metrics.Metric):
        name = f"{prefix}{metric.__name__}"
        return keras.metrics.MeanMetricWrapper(metric, name=name)
    config = metric.get_config()
    return type(metric).from_config({**config, "name": prefix + metric.name})
