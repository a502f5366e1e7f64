"""A step in slices is the step over all, where nothing looks across rows."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl.feedback import KINDS
from keras_mpl.trainers.engine.batching import SlicedPass
from keras_mpl.trainers.engine.slices import Slices
from tests import helpers
from tests.marks import slow_but
from tests.trainers import methods
from tests.trainers.test_replicas import norm_net
from tests.trainers.test_replicas import strategy

SETTINGS = {
    "label_smoothing": 0.1,
    "weight_decay": 1e-3,
    "clip_norm": 1.0,
    "ema_decay": 0.9,
    "confidence_threshold": 0.1,
    "consistency_weight": 1.0,
}


def trained(
    kind, size, *, net=helpers.tiny_net, where=None, compiled=None, **settings
):
    with (where or tf.distribute.get_strategy()).scope():
        model = methods.build(
            kind,
            net(seed=1),
            net(seed=5),
            microbatch_size=size,
            **{**SETTINGS, **settings},
        )
        methods.compiled(model, **(compiled or {}))
    history = methods.fit(model, methods.batches(4))
    return model, [*methods.weights(model), *map(np.array, history.values())]


@pytest.mark.parametrize("kind", slow_but(("soft", "hard_batch"), KINDS))
def test_slices_make_the_same_step(kind):
    _, whole = trained(kind, None)
    _, sliced = trained(kind, 2)
    methods.assert_same(sliced, whole, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["supervised", "fixmatch"])
def test_slices_make_the_same_step_whatever_the_teacher_learns(objective):
    _, whole = trained("soft", None, objective=objective)
    _, sliced = trained("soft", 4, objective=objective)
    methods.assert_same(sliced, whole, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["soft", "hard_batch"])
def test_slices_make_the_same_step_of_a_student_who_has_labels(kind):
    _, whole = trained(kind, None, student_labeled_weight=0.7)
    _, sliced = trained(kind, 2, student_labeled_weight=0.7)
    methods.assert_same(sliced, whole, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["soft", "hard"])
def test_slices_make_the_same_step_of_pseudo_labels_by_confidence(kind):
    settings = {"pseudo_label_weighting": "confidence"}
    _, whole = trained(kind, None, **settings)
    _, sliced = trained(kind, 2, **settings)
    methods.assert_same(sliced, whole, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["soft", "hard_batch"])
def test_slices_make_the_same_step_at_another_temperature(kind):
    _, whole = trained(kind, None, pseudo_label_temperature=0.5)
    _, sliced = trained(kind, 2, pseudo_label_temperature=0.5)
    methods.assert_same(sliced, whole, atol=1e-6)
    _, other = trained(kind, None)
    assert any(
        np.abs(a - b).max() > 1e-4 for a, b in zip(whole, other, strict=True)
    )


def swish_net(seed):
    """What has a gradient of its own (swish), and a regulariser."""
    init = keras.initializers.GlorotUniform
    return keras.Sequential(
        [
            keras.Input((helpers.FEATURES,)),
            keras.layers.Dense(
                4,
                kernel_initializer=init(seed),
                kernel_regularizer=keras.regularizers.L2(0.05),
                activation="silu",
            ),
            keras.layers.LayerNormalization(),
            keras.layers.Dense(helpers.CLASSES, kernel_initializer=init(seed)),
        ]
    )


@pytest.mark.slow
def test_forward_mode_sees_through_swish_and_regularisers_count_once():
    _, whole = trained("soft", None, net=swish_net)
    _, sliced = trained("soft", 2, net=swish_net)
    methods.assert_same(sliced, whole, atol=1e-6)


@pytest.mark.slow
def test_slices_compile_under_xla():
    _, plain = trained("soft", 2)
    _, compiled = trained("soft", 2, compiled={"jit_compile": True})
    methods.assert_same(compiled, plain, atol=1e-6)


@pytest.mark.slow
@pytest.mark.distributed
def test_slices_on_two_replicas_equal_slices_on_one():
    _, single = trained("soft", 2)
    _, double = trained("soft", 2, where=strategy())
    methods.assert_same(double, single, atol=1e-6)


@pytest.mark.slow
@pytest.mark.distributed
def test_slices_with_batch_norm_train_on_two_replicas():
    model, found = trained("soft", 2, net=norm_net, where=strategy())
    assert all(np.isfinite(values).all() for values in found)
    assert model.step == 4


def test_the_teacher_is_told_about_the_labels_that_it_gave(monkeypatch):
    """With dropout: both of its passes over a slice draw the same masks."""
    said = {False: [], True: []}
    record = SlicedPass._slice

    def spied(self, index, *, move_statistics):
        found = record(self, index, move_statistics=move_statistics)
        if len(self._views.unlabeled) == 2:  # the teacher's, not the student's
            said[move_statistics].append(found.logits(-1).numpy())
        return found

    monkeypatch.setattr(SlicedPass, "_slice", spied)

    def net(seed):
        return helpers.tiny_net(dropout=0.5, seed=seed)

    trained("soft", 2, net=net, compiled={"run_eagerly": True})
    assert len(said[False]) == 16
    np.testing.assert_array_equal(said[False], said[True])
    assert not np.array_equal(said[True][0], said[True][1])


def test_batch_norm_sees_slices():
    """Documented as not the same step; it must be a step all the same."""

    def net(seed):
        return helpers.tiny_net(norm=True, seed=seed)

    _, whole = trained("soft", None, net=net)
    _, sliced = trained("soft", 4, net=net)
    assert methods.differ(sliced, whole)
    assert all(np.isfinite(values).all() for values in sliced)


@pytest.mark.parametrize("size", [0, -4, 2.0, True, "8"])
def test_a_size_that_is_none_is_refused(size):
    with pytest.raises(ValueError, match="microbatch_size"):
        methods.build("soft", microbatch_size=size)


def test_a_size_that_does_not_divide_is_refused_at_the_first_batch():
    with pytest.raises(ValueError, match=r"must divide .*=3, 8 examples"):
        trained("soft", 3)


def test_slices_need_to_know_how_many_rows_there_are():
    rows = keras.Input((4,))
    with pytest.raises(ValueError, match="drop_remainder"):
        Slices([rows], 2)


def test_slices_add_and_collect():
    rows = tf.reshape(tf.range(12.0), (6, 2))
    cut = Slices([rows], 2)
    assert cut.number == 3
    total = cut.add(lambda i: tf.reduce_sum(cut[i][0]), tf.zeros([]))
    assert float(total) == 66.0
    doubled = cut.collect(lambda i: 2 * cut[i][0], rows)
    np.testing.assert_array_equal(doubled, 2 * rows)


@keras.saving.register_keras_serializable(package="tests")
class Penalised(keras.layers.Dense):
    """Adds a loss in its call."""

    def call(self, inputs):
        self.add_loss(keras.ops.mean(inputs))
        return super().call(inputs)


def test_a_loss_that_a_layer_adds_in_its_call_is_refused():
    student = keras.Sequential([keras.Input((helpers.FEATURES,)), Penalised(3)])
    model = methods.build("soft", student=student, microbatch_size=4)
    with pytest.raises(ValueError, match=r"`student` must have no layer that"):
        methods.fit(methods.compiled(model), methods.batches(1))
    model = methods.build("soft", student=student)
    methods.fit(methods.compiled(model), methods.batches(1))
