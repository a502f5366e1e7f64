"""What is recorded of pseudo labels: agreement, counts and confidence."""

import numpy as np

from keras_mpl.report.diagnosis import pseudo_labels

SURE = np.array([[0.9, 0.1, 0.0], [0.6, 0.3, 0.1], [0.2, 0.0, 0.8]])


def test_agreement_is_of_classes_and_not_of_confidence():
    other = np.array([[0.5, 0.4, 0.1], [0.0, 1.0, 0.0], [0.0, 0.4, 0.6]])
    found = pseudo_labels.measured_pseudo_labels(
        {"student": SURE, "teacher": other}, 0.8
    )
    assert found["agreement"] == 2 / 3
    assert found["num_examples"] == 3
    student = found["networks"]["student"]
    assert student["counts"] == [2, 0, 1]
    assert student["above"] == 2 / 3  # the threshold itself counts
    assert found["networks"]["teacher"]["counts"] == [1, 1, 1]


def test_without_a_teacher_there_is_no_agreement():
    found = pseudo_labels.measured_pseudo_labels({"student": SURE}, 0.5)
    assert found["agreement"] is None
    assert set(found["networks"]) == {"student"}


def test_the_records_of_a_recipe_come_in_the_order_of_its_steps():
    records = [
        {"recipe": name, "step": step}
        for name, step in (("a", 9), ("b", 1), ("a", 2))
    ]
    found = pseudo_labels.of_recipe(records, "a")
    assert [record["step"] for record in found] == [2, 9]
