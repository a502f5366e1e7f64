"""Each network has its own copy of a metric."""

import keras
import numpy as np
import pytest

from keras_mpl.trainers.engine.metrics import of_network

LOGITS = np.array([[2.0, 1.0], [0.0, 1.0], [3.0, 0.0]], "float32")


@pytest.mark.parametrize(
    "labels", [[0, 1, 1], [[1, 0], [0, 1], [0, 1]]], ids=["ids", "one_hot"]
)
def test_accuracy_takes_labels_of_either_form(labels):
    metric = of_network("accuracy", "teacher_")
    metric.update_state(np.array(labels), LOGITS)
    assert metric.name == "teacher_accuracy"
    assert float(metric.result()) == pytest.approx(2 / 3)


def test_a_function_is_averaged_under_its_name():
    def margin(labels, logits):
        return keras.ops.abs(logits[:, 0] - logits[:, 1])

    metric = of_network(margin, "student_")
    metric.update_state(np.zeros(3), LOGITS)
    assert metric.name == "student_margin"
    assert float(metric.result()) == pytest.approx(5 / 3)


def test_copies_do_not_share_what_they_have_seen():
    given = keras.metrics.SparseTopKCategoricalAccuracy(k=1, name="first")
    ours, theirs = of_network(given, ""), of_network(given, "teacher_")
    ours.update_state(np.array([0, 1, 1]), LOGITS)
    assert float(ours.result()) == pytest.approx(2 / 3)
    assert float(theirs.result()) == 0.0
    assert (ours.name, theirs.name) == ("first", "teacher_first")
