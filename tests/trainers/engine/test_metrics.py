"""Metrics of Keras get the labels and predictions that they expect."""

import keras
import numpy as np
import pytest

from keras_mpl.trainers.engine import metrics
from tests import helpers
from tests.marks import slow_but
from tests.trainers import methods

M = keras.metrics
# Each with what is right: labels and predictions in the form that it takes.
OF_ONE_HOT = [
    M.AUC(),
    M.AUC(multi_label=True, name="auc_of_each"),
    M.Precision(),
    M.Recall(class_id=1),
    M.TruePositives(),
    M.F1Score(average="macro"),
    M.FBetaScore(average="weighted", beta=2.0),
    M.SensitivityAtSpecificity(0.5),
    M.CategoricalAccuracy(),
    M.TopKCategoricalAccuracy(2),
    M.CategoricalCrossentropy(),
    M.CategoricalCrossentropy(label_smoothing=0.1, name="smooth"),
    M.BinaryCrossentropy(),
    M.KLDivergence(),
    M.MeanSquaredError(),
    M.CosineSimilarity(),
]
OF_IDS = [
    M.SparseCategoricalAccuracy(),
    M.SparseTopKCategoricalAccuracy(2),
    M.SparseCategoricalCrossentropy(),
]
OF_LOGITS = [
    M.CategoricalCrossentropy(from_logits=True),
    M.CategoricalHinge(),
]
CASES = [
    *[(metric, "one_hot", "probs") for metric in OF_ONE_HOT],
    *[(metric, "ids", "probs") for metric in OF_IDS],
    *[(metric, "one_hot", "logits") for metric in OF_LOGITS],
    (M.SparseCategoricalCrossentropy(from_logits=True), "ids", "logits"),
    (M.Accuracy(), "ids", "predicted"),
    (M.MeanIoU(3), "ids", "predicted"),
    (M.MeanIoU(3, sparse_y_pred=False, name="iou"), "ids", "probs"),
]


def data():
    batch = helpers.fake_batch(labeled=40, seed=3)
    return np.asarray(batch.labeled_inputs), np.asarray(batch.labels)


def steep_net():
    return helpers.tiny_net(seed=2, gain=6.0)


def of_forms(logits, ids):
    return {
        "ids": ids,
        "one_hot": np.eye(3, dtype="float32")[ids],
        "logits": logits,
        "probs": np.asarray(keras.ops.softmax(logits)),
        "predicted": logits.argmax(-1),
    }


@pytest.mark.parametrize(
    "form", slow_but(("ids",), ("ids", "column", "floats", "one_hot"))
)
def test_every_metric_of_keras_measures_what_it_says(form):
    metrics = [metric for metric, *_ in CASES]
    names = [f"{number}_of_these" for number in range(len(metrics))]
    given = [
        type(metric).from_config({**metric.get_config(), "name": name})
        for metric, name in zip(metrics, names, strict=True)
    ]
    model = methods.build("supervised", student=steep_net())
    methods.compiled(model, metrics=given, run_eagerly=True)
    inputs, ids = data()
    labels = {
        "ids": ids,
        "column": ids[:, None],
        "floats": ids.astype("float32"),
        "one_hot": np.eye(3, dtype="float32")[ids],
    }[form]
    found = model.evaluate(inputs, labels, verbose=0, return_dict=True)
    forms = of_forms(model.predict(inputs, verbose=0), ids)
    for name, (metric, true, predicted) in zip(names, CASES, strict=True):
        right = type(metric).from_config(metric.get_config())
        right.update_state(forms[true], forms[predicted])
        np.testing.assert_allclose(
            found[name], right.result(), rtol=1e-4, err_msg=metric.name
        )


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_so_it_is_in_a_graph(jit_compile):
    model = methods.build("soft")
    metrics = [M.F1Score(average="macro"), "categorical_crossentropy"]
    methods.compiled(model, metrics=metrics, jit_compile=jit_compile)
    inputs, ids = data()
    found = model.evaluate(inputs, ids, verbose=0, return_dict=True)
    assert {type(value) for value in found.values()} == {float}
    assert found["categorical_crossentropy"] == pytest.approx(
        found["loss"], rel=1e-5
    )
    logits = np.asarray(model.teacher(inputs))
    right = M.F1Score(average="macro")
    right.update_state(np.eye(3)[ids], np.eye(3)[logits.argmax(-1)])
    np.testing.assert_allclose(
        found["teacher_f1_score"], right.result(), rtol=1e-5
    )


def test_what_a_user_wrote_gets_labels_as_they_came_and_logits():
    seen = []

    def own(labels, logits):
        seen.append((tuple(labels.shape), float(logits[0, 0])))
        return keras.ops.zeros(len(labels))

    model = methods.build("supervised", student=steep_net())
    methods.compiled(model, metrics=[own], run_eagerly=True)
    inputs, ids = data()
    model.evaluate(inputs, ids, verbose=0, batch_size=40)
    expected = float(model.predict(inputs, verbose=0)[0, 0])
    assert seen[-1] == ((40,), pytest.approx(expected, rel=1e-5))


@pytest.mark.parametrize(
    ("monitor", "metric", "expected"),
    [
        ("val_accuracy", "accuracy", "max"),
        ("val_auc", M.AUC(name="auc"), "max"),
        ("val_loss", "accuracy", "min"),
        ("loss", "accuracy", "min"),
        ("accuracy", "accuracy", "max"),
        ("val_student_accuracy", "accuracy", "max"),
        ("student_loss", "accuracy", "min"),
        ("val_categorical_crossentropy", "categorical_crossentropy", "min"),
    ],
)
def test_keras_is_told_where_a_figure_is_better(monitor, metric, expected):
    model = methods.compiled(methods.build("supervised"), metrics=[metric])
    stop = keras.callbacks.EarlyStopping(monitor, patience=5)
    best = keras.callbacks.ModelCheckpoint("x.keras", monitor, mode="min")
    methods.fit(
        model,
        methods.batches(1),
        validation_data=data(),
        callbacks=[stop],
    )
    assert stop.mode == expected
    assert best.mode == "min"


class Within(keras.metrics.Mean):
    def __init__(self, k=5, name="within"):
        super().__init__(name=name)
        self.k = k

    def update_state(self, labels, logits, sample_weight=None):
        hits = keras.ops.in_top_k(labels, logits, self.k)
        super().update_state(keras.ops.cast(hits, "float32"), sample_weight)


class WithinOf(Within):
    def get_config(self):
        return {"name": self.name, "k": self.k}


def test_a_metric_of_ones_own_keeps_its_arguments():
    assert metrics.of_network(WithinOf(k=1), "student_", 10).metric.k == 1
    with pytest.raises(ValueError, match=r"a `get_config` with k, as each"):
        metrics.of_network(Within(k=1), "", 10)
