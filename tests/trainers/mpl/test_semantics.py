"""Every other row and rule of the Semantics table, each by its own numbers."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import feedback as feedbacks
from keras_mpl import losses
from keras_mpl import seeds
from keras_mpl.schedules import WarmupCosine
from keras_mpl.trainers import forward
from tests import helpers

NO_LOGS = feedbacks.Logs({}, {})
SAMPLED = ["hard", "hard_expected", "hard_batch", "finite_difference"]


def exact(kind, *, student_lr=0.5, **options):
    """Float64, BatchNorm-free, teacher on plain SGD with rate 1."""
    return helpers.mpl(
        helpers.tiny_net(dtype="float64", seed=1),
        helpers.tiny_net(dtype="float64", seed=5),
        student_optimizer=keras.optimizers.SGD(student_lr),
        feedback=kind,
        feedback_scale=None if kind == "none" else "exact",
        **options,
    )


def movement(model, batch):
    before = helpers.flat(model.teacher.trainable_variables)
    model.train_step(batch)
    return helpers.flat(model.teacher.trainable_variables) - before


def fed_back(kind, batch, **options):
    """The teacher's movement less what it would be without feedback."""
    with_feedback = movement(exact(kind, **options), batch)
    return with_feedback - movement(exact("none", **options), batch)


def show(monkeypatch, rows):
    """Makes the student see the given one-hot rows for samples."""
    one_hot = tf.constant(helpers.one_hot(rows))
    for kind in feedbacks.KINDS.values():
        monkeypatch.setattr(kind, "targets", lambda *_: one_hot)


def expected_feedback(kind, batch, monkeypatch, **options):
    """Exact expectation over every joint sample of the pseudo labels."""
    model = exact(kind, **options)
    if hasattr(model.feedback, "count"):
        model.feedback.count.assign(1)  # the baseline's first value is 0
    before = helpers.state(model)
    inputs = tf.concat(
        [batch.labeled_inputs, batch.weak_inputs, batch.strong_inputs], 0
    )
    logits = helpers.in_training_mode(model.teacher, inputs)[-2:]
    temperature = options.get("pseudo_label_temperature", 1.0)
    probs = np.exp(helpers.log_softmax(logits / temperature))
    plain = movement(exact("none", **options), batch)
    total = 0.0
    for rows in itertools.product(range(helpers.CLASSES), repeat=2):
        helpers.restore(model, before)
        show(monkeypatch, rows)
        weight = probs[0, rows[0]] * probs[1, rows[1]]
        total = total + weight * (movement(model, batch) - plain)
    return total / (0.99 if kind in SAMPLED[2:] else 1.0)


@pytest.mark.parametrize(
    "temperature", [1.0, pytest.param(0.4, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("kind", SAMPLED)
def test_expectation_tends_to_the_soft_gradient_as_lr_vanishes(
    kind, temperature, monkeypatch
):
    options = {"pseudo_label_temperature": temperature}
    batch = helpers.fake_batch(labeled=4, unlabeled=2, dtype="float64")
    errors = []
    for lr in (1e-2, 1e-3):
        options["student_lr"] = lr
        soft = fed_back("soft", batch, **options)
        with monkeypatch.context() as patch:
            mean = expected_feedback(kind, batch, patch, **options)
        errors.append(helpers.relative_error(mean, soft))
    assert errors[1] < 1e-3
    assert errors[1] < 0.2 * errors[0]  # first order in the learning rate


@pytest.mark.parametrize("kind", ["hard", "hard_expected"])
def test_expectation_is_the_soft_gradient_at_one_common_point(kind):
    """With `v` held, credit does not depend on the sample: g is linear."""
    rng = np.random.default_rng(0)
    logits = tf.constant(rng.normal(size=(2, 3)))
    credit = tf.constant(rng.normal(size=(2, 3)))
    scale = tf.constant(0.7, "float64")

    def gradient(kind, targets):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            probs = tf.nn.softmax(logits)
            signal = feedbacks.Signal(targets, NO_LOGS, credit, scale)
            loss = feedbacks.get(kind).meta_loss(signal, logits)
        return tape.gradient(loss, logits).numpy(), probs.numpy()

    soft, probs = gradient("soft", tf.nn.softmax(logits))
    mean = 0.0
    for rows in itertools.product(range(3), repeat=2):
        weight = probs[0, rows[0]] * probs[1, rows[1]]
        targets = tf.constant(helpers.one_hot(rows))
        mean = mean + weight * gradient(kind, targets)[0]
    assert np.abs(mean - soft).max() < 1e-9
    assert np.abs(soft).max() > 0.1


def test_expected_credit_varies_less_than_the_per_example_kind():
    rng = np.random.default_rng(0)
    logits = tf.constant(rng.normal(size=(1, 3)))
    credit = tf.constant(rng.normal(size=(1, 3)) + 5.0)
    samples = {"hard": [], "hard_expected": []}
    for kind, row in itertools.product(samples, range(3)):
        targets = tf.constant(helpers.one_hot([row]))
        signal = feedbacks.Signal(
            targets, NO_LOGS, credit, tf.ones([], "float64")
        )
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = feedbacks.get(kind).meta_loss(signal, logits)
        samples[kind].append(tape.gradient(loss, logits).numpy())
    spread = {
        kind: np.std(found, axis=0).max() for kind, found in samples.items()
    }
    assert spread["hard_expected"] < 1e-12 < 1.0 < spread["hard"]


def test_meta_gradient_lowers_the_labeled_loss_and_the_released_one_is_zero():
    """Pins sign and non-zeroness on the true one-step objective."""
    batch = helpers.fake_batch(labeled=4, unlabeled=2, dtype="float64")
    ours = fed_back("soft", batch)
    model = exact("soft")
    before = helpers.state(model)
    start = helpers.flat(model.teacher.trainable_variables)

    def value(vector):
        helpers.restore(model, before)
        helpers.assign_flat(model.teacher.trainable_variables, vector)
        model.train_step(batch)
        return helpers.labeled_loss(model.student, batch)

    true = helpers.numeric_grad(value, start)
    assert np.linalg.norm(ours) > 1e-4
    assert value(start + 0.1 * ours) < value(start)
    assert helpers.relative_error(-ours, true) < 1e-6

    logits = tf.constant(np.random.default_rng(0).normal(size=(2, 3)))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        constant = tf.stop_gradient(tf.nn.softmax(logits))
        released = tf.reduce_sum(losses.cross_entropy(constant, logits))
    assert np.abs(tape.gradient(released, logits)).max() < 1e-15


def test_swapping_the_losses_of_the_difference_is_the_opposite_feedback(
    monkeypatch,
):
    """The most-used port takes after - before; ours is before - after."""
    batch = helpers.fake_batch(labeled=4, unlabeled=2, dtype="float64")
    show(monkeypatch, [0, 1])
    model = exact("finite_difference", student_lr=1e-3, metrics=None)
    before = helpers.labeled_loss(model.student, batch)
    logs = model.train_step(batch)
    after = helpers.labeled_loss(model.student, batch)
    assert float(logs["feedback"]) == pytest.approx(before - after, rel=1e-5)
    scalar = exact("hard_batch", student_lr=1e-3).train_step(batch)
    assert float(scalar["feedback"]) == pytest.approx(before - after, rel=1e-2)


def test_difference_uses_one_dropout_mask_and_moves_no_statistics():
    batch = helpers.fake_batch()
    student = helpers.tiny_net(norm=True, dropout=0.5, seed=5)
    model = helpers.mpl(
        helpers.tiny_net(seed=1),
        student,
        student_optimizer=keras.optimizers.SGD(1e-12),
        feedback="finite_difference",
        ramp_statistics=False,
    )
    norm = student.layers[1]
    hidden = student.layers[0](batch.strong_inputs).numpy()
    logs = model.train_step(batch)
    assert float(logs["feedback"]) == 0.0  # another mask would show
    np.testing.assert_allclose(
        norm.moving_mean, 0.01 * hidden.mean(axis=0), rtol=1e-5
    )


@pytest.mark.parametrize("kind", ["soft", "hard_batch"])
def test_student_statistics_follow_the_strong_view_alone(kind):
    batch = helpers.fake_batch()
    student = helpers.tiny_net(norm=True, seed=5)
    model = helpers.mpl(
        helpers.tiny_net(seed=1),
        student,
        feedback=kind,
        ramp_statistics=False,
    )
    hidden = student.layers[0](batch.strong_inputs).numpy()
    model.train_step(batch)
    np.testing.assert_allclose(
        student.layers[1].moving_variance,
        0.99 + 0.01 * hidden.var(axis=0),
        rtol=1e-5,
    )


def test_teacher_statistics_follow_all_three_views_together():
    batch = helpers.fake_batch()
    teacher = helpers.tiny_net(norm=True, seed=1)
    model = helpers.mpl(
        teacher, helpers.tiny_net(seed=5), ramp_statistics=False
    )
    joined = tf.concat(
        [batch.labeled_inputs, batch.weak_inputs, batch.strong_inputs], 0
    )
    hidden = teacher.layers[0](joined).numpy()
    model.train_step(batch)
    np.testing.assert_allclose(
        teacher.layers[1].moving_mean, 0.01 * hidden.mean(axis=0), rtol=1e-4
    )


def raw_gradients(model, batch, before):
    """The student's gradient at the old, the labelled one at new weights."""
    inputs = tf.concat(
        [batch.labeled_inputs, batch.weak_inputs, batch.strong_inputs], 0
    )
    after = [v.numpy() for v in model.student.trainable_variables]
    now = helpers.state(model)
    helpers.restore(model, before)
    unlabeled = len(batch.strong_inputs)
    logits = helpers.in_training_mode(model.teacher, inputs)[-unlabeled:]
    probs = np.exp(helpers.log_softmax(logits))
    found = []
    for weights, views, targets in (
        (None, batch.strong_inputs, probs),
        (after, batch.labeled_inputs, helpers.one_hot(batch.labels)),
    ):
        if weights:
            for variable, value in zip(
                model.student.trainable_variables, weights, strict=True
            ):
                variable.assign(value)
        with tf.GradientTape() as tape:
            logits = model.student(views, training=True)
            loss = tf.reduce_mean(
                tf.nn.softmax_cross_entropy_with_logits(targets, logits)
            )
        variables = [v.value for v in model.student.trainable_variables]
        found.append(
            np.concatenate(
                [np.ravel(g) for g in tape.gradient(loss, variables)]
            )
        )
    helpers.restore(model, now)
    return found


def cosine_model(kind, **options):
    return helpers.mpl(
        helpers.tiny_net(dtype="float64", seed=1),
        helpers.tiny_net(dtype="float64", seed=5),
        feedback=kind,
        feedback_scale="cosine",
        **{"cosine_floor": 0.0, "feedback_centering": False, **options},
    )


def test_norms_and_cosine_are_of_the_raw_gradients():
    batch = helpers.fake_batch(dtype="float64")
    model = cosine_model("soft", weight_decay=0.1)
    before = helpers.state(model)
    logs = model.train_step(batch)
    student, labeled = raw_gradients(model, batch, before)
    norms = np.linalg.norm(student), np.linalg.norm(labeled)
    cosine = student @ labeled / (norms[0] * norms[1])
    assert float(logs["student_gradient_norm"]) == pytest.approx(
        norms[0], rel=1e-5
    )
    assert float(logs["labeled_gradient_norm"]) == pytest.approx(
        norms[1], rel=1e-5
    )
    assert float(logs["feedback"]) == pytest.approx(cosine, rel=1e-5)
    assert float(logs["meta_loss"]) == pytest.approx(-cosine, rel=1e-5)


@pytest.mark.parametrize("kind", ["soft", "hard", "hard_expected"])
def test_centred_credit_is_credit_less_its_class_mean(kind):
    batch = helpers.fake_batch(dtype="float64")
    targets = tf.constant(helpers.one_hot([0, 1, 2, 1, 0, 2, 2, 0]))
    models = [cosine_model(kind, feedback_centering=on) for on in (False, True)]
    plain, centred = (
        model.feedback.measure(
            model.update_student(model.read_batch(batch), targets)
        )
        for model in models
    )
    credit = plain.credit.numpy()
    assert np.abs(credit.mean(0)).max() > 1e-3
    np.testing.assert_allclose(
        centred.credit, credit - credit.mean(0), atol=1e-12
    )
    assert float(centred.scale) == float(plain.scale)
    fed_back = [signal.logs.summed["feedback"] for signal in (plain, centred)]
    assert float(fed_back[0]) == float(fed_back[1])


def plain(kind, scale, **options):
    return helpers.mpl(
        helpers.tiny_net(seed=1),
        helpers.tiny_net(seed=5),
        student_optimizer=keras.optimizers.SGD(0.1),
        feedback=kind,
        feedback_scale=scale,
        **options,
    )


@pytest.mark.parametrize(
    ("kind", "scale", "is_centred"),
    [
        ("soft", "cosine", True),
        ("hard", None, True),
        ("soft", "exact", False),
        ("hard_batch", "cosine", False),
        ("none", "cosine", False),
    ],
)
def test_credit_is_centred_where_it_is_rescaled(kind, scale, is_centred):
    model = plain(kind, scale)
    assert model.feedback_centering is is_centred


@pytest.mark.parametrize(
    ("kind", "scale", "options", "expected"),
    [
        ("soft", None, {"objective": "uda"}, 1.0),
        ("soft", None, {"objective": "supervised"}, 0.3),
        ("hard_expected", "cosine", {"objective": "randaugment"}, 0.1),
        ("hard", "cosine", {"objective": "fixmatch"}, 1.0),
        ("hard", "cosine", {"consistency_weight": 0.0}, 0.1),
        ("hard_batch", "cosine", {}, 0.01),
        ("hard_batch", "cosine", {"objective": "supervised"}, 0.01),
        ("soft", "exact", {"objective": "supervised"}, 1.0),
        ("hard_batch", "exact", {}, 1.0),
        ("finite_difference", None, {"objective": "supervised"}, 1.0),
        ("soft", None, {"feedback_weight": 0.0}, 0.0),
        ("soft", "cosine", {"feedback_weight": 2.0}, 2.0),
    ],
)
def test_weight_is_that_of_scale_and_objective_or_as_asked(
    kind, scale, options, expected
):
    model = plain(kind, scale, **{"consistency_weight": 8.0, **options})
    assert model.feedback_weight == expected
    again = type(model).from_config(model.get_config())
    assert again.feedback_weight == expected


def test_scalar_feedback_under_cosine_is_the_cosine(monkeypatch):
    batch = helpers.fake_batch(unlabeled=2, dtype="float64")
    show(monkeypatch, [0, 1])
    model = cosine_model("hard_batch")
    before = helpers.state(model)
    feedback = float(model.train_step(batch)["feedback"])
    now = model.student.get_weights()
    helpers.restore(model, before)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(
            tf.nn.softmax_cross_entropy_with_logits(
                helpers.one_hot([0, 1]), model.student(batch.strong_inputs)
            )
        )
    variables = [v.value for v in model.student.trainable_variables]
    student = np.concatenate(
        [np.ravel(g) for g in tape.gradient(loss, variables)]
    )
    model.student.set_weights(now)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(
            tf.nn.softmax_cross_entropy_with_logits(
                helpers.one_hot(batch.labels),
                model.student(batch.labeled_inputs),
            )
        )
    labeled = np.concatenate(
        [np.ravel(g) for g in tape.gradient(loss, variables)]
    )
    norms = np.linalg.norm(student) * np.linalg.norm(labeled)
    assert feedback == pytest.approx(student @ labeled / norms, rel=1e-5)


@pytest.mark.parametrize("kind", ["soft", "hard_batch"])
def test_feedback_is_about_pseudo_labels_whatever_else_is_learned(kind):
    """At a rate near 0 the labels do not change `v`, nor then the cosine."""
    batch = helpers.fake_batch(dtype="float64")
    logs = {}
    for weight in (0.0, 3.0):
        model = cosine_model(
            kind,
            student_optimizer=keras.optimizers.SGD(1e-7),
            student_labeled_weight=weight,
        )
        student = helpers.flat(model.student.trainable_variables)
        logs[weight] = model.train_step(batch)
        moved = helpers.flat(model.student.trainable_variables) - student
        logs[weight]["moved"] = moved / 1e-7
    without, beside = logs.values()
    assert float(beside["feedback"]) == pytest.approx(
        float(without["feedback"]), rel=1e-5
    )
    fresh = cosine_model(kind)
    entropy = helpers.labeled_loss(fresh.student, batch)
    assert float(beside["student_labeled_loss"]) == pytest.approx(entropy)
    assert "student_labeled_loss" not in without
    before = helpers.state(fresh)
    labeled = raw_gradients(fresh, batch, before)[1]
    np.testing.assert_allclose(
        beside["moved"] - without["moved"], -3.0 * labeled, atol=1e-5
    )


def test_cosine_and_exact_differ_by_their_scale_alone():
    batch = helpers.fake_batch(dtype="float64")
    plain = movement(exact("none"), batch)
    by_step = movement(exact("soft"), batch) - plain
    model = cosine_model("soft", feedback_weight=1.0)
    before = helpers.flat(model.teacher.trainable_variables)
    logs = model.train_step(batch)
    moved = helpers.flat(model.teacher.trainable_variables) - before - plain
    norms = float(logs["student_gradient_norm"]) * float(
        logs["labeled_gradient_norm"]
    )
    np.testing.assert_allclose(moved, by_step / (0.5 * norms), rtol=1e-5)


def test_floor_bounds_the_cosine_of_a_small_student_gradient():
    batch = helpers.fake_batch(dtype="float64")
    free = cosine_model("soft").train_step(batch)
    norm = float(free["student_gradient_norm"])
    floored = cosine_model("soft", cosine_floor=10 * norm).train_step(batch)
    assert float(floored["feedback"]) == pytest.approx(
        float(free["feedback"]) / 10, rel=1e-5
    )


def test_scalar_feedback_counts_the_clip_the_step_went_through():
    """With an active clip, <g, v> pulled back would be 0 without L2."""
    batch = helpers.fake_batch(unlabeled=2, dtype="float64")
    model = exact("hard_batch", student_lr=1e-3, clip_norm=0.01)
    before = helpers.labeled_loss(model.student, batch)
    logs = model.train_step(batch)
    after = helpers.labeled_loss(model.student, batch)
    assert float(logs["student_gradient_norm"]) > 0.01
    assert float(logs["feedback"]) == pytest.approx(before - after, rel=1e-3)


def test_baseline_starts_at_the_first_feedback_and_moves_before_it_counts():
    batch = helpers.fake_batch(dtype="float64")
    model = exact("hard_batch")
    baseline, seen = None, []
    for _ in range(4):
        model.reset_metrics()
        feedback = float(model.train_step(batch)["feedback"])
        baseline = (
            feedback
            if baseline is None
            else baseline + 0.01 * (feedback - baseline)
        )
        seen.append(feedback)
        assert float(model.feedback.baseline.value) == pytest.approx(
            baseline, rel=1e-5
        )
    assert len(set(seen)) == 4


def test_first_scalar_feedback_moves_nothing_as_it_is_its_own_baseline():
    batch = helpers.fake_batch(dtype="float64")
    np.testing.assert_allclose(fed_back("hard_batch", batch), 0.0, atol=1e-15)


def test_batch_meta_loss_is_the_sum_over_examples():
    logits = tf.constant([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    targets = tf.constant([[1.0, 0.0]] * 3)
    signal = feedbacks.Signal(targets, NO_LOGS, advantage=tf.constant(2.0))
    per_example = feedbacks.HardBatch().meta_loss(signal, logits)
    assert float(tf.reduce_sum(per_example)) == pytest.approx(6 * np.log(2))


@pytest.mark.parametrize("scale", ["exact", "cosine"])
@pytest.mark.parametrize("kind", ["soft", "hard", "hard_batch"])
def test_feedback_is_zero_while_the_student_waits(kind, scale):
    schedule = WarmupCosine(0.5, train_steps=20, wait_steps=5)
    batch = helpers.fake_batch()
    student = helpers.tiny_net(norm=True, seed=5)
    model = helpers.mpl(
        helpers.tiny_net(seed=1),
        student,
        student_optimizer=keras.optimizers.SGD(schedule),
        feedback=kind,
        feedback_scale=scale,
        ema_decay=0.9,
    )
    weights = helpers.flat(student.trainable_variables)
    statistics = helpers.flat(student.non_trainable_variables)
    for _ in range(5):
        logs = model.train_step(batch)
    assert float(logs["feedback"]) == 0.0
    assert float(logs["meta_loss"]) == 0.0
    if kind == "hard_batch":
        assert int(model.feedback.count.value) == 0
    np.testing.assert_array_equal(
        helpers.flat(student.trainable_variables), weights
    )
    assert np.any(helpers.flat(student.non_trainable_variables) != statistics)
    averaged = helpers.flat(model.ema_student.non_trainable_variables)
    assert np.any(averaged != statistics)
    model.reset_metrics()
    assert float(model.train_step(batch)["feedback"]) != 0.0


def test_consistency_loss_is_uda_with_its_mask_and_no_smoothing():
    batch = helpers.fake_batch(dtype="float64")
    teacher = helpers.tiny_net(dtype="float64", seed=1)
    for variable in teacher.trainable_variables:
        variable.assign(2.0 * variable)
    model = helpers.mpl(
        teacher,
        helpers.tiny_net(dtype="float64", seed=5),
        feedback_weight=0.7,
        consistency_weight=2.0,
        temperature=0.5,
        confidence_threshold=0.8,
        label_smoothing=0.3,
    )
    weak = helpers.in_training_mode(teacher, batch.weak_inputs)
    strong = helpers.in_training_mode(teacher, batch.strong_inputs)
    logs = model.train_step(batch)
    sharp = np.exp(helpers.log_softmax(weak / 0.5))
    mask = sharp.max(-1) >= 0.8
    assert 0 < mask.sum() < len(mask)
    loss = np.mean(mask * -(sharp * helpers.log_softmax(strong)).sum(-1))
    assert float(logs["consistency_loss"]) == pytest.approx(loss, rel=1e-5)
    assert float(logs["mask_ratio"]) == pytest.approx(mask.mean())
    total = sum(
        weight * float(logs[name])
        for name, weight in (
            ("labeled_loss", 1.0),
            ("consistency_loss", 2.0),
            ("meta_loss", 0.7),
        )
    )
    assert float(logs["teacher_loss"]) == pytest.approx(total, rel=1e-5)


def test_consistency_weight_ramps_up():
    batch = helpers.fake_batch()
    model = helpers.mpl(
        helpers.tiny_net(seed=1),
        helpers.tiny_net(seed=5),
        feedback="none",
        consistency_weight=8.0,
        consistency_ramp_steps=4,
        confidence_threshold=0.0,
    )
    for step in range(6):
        model.reset_metrics()
        logs = {k: float(v) for k, v in model.train_step(batch).items()}
        weight = 8.0 * min(1.0, step / 4)
        total = logs["labeled_loss"] + weight * logs["consistency_loss"]
        assert logs["teacher_loss"] == pytest.approx(total, rel=1e-5)


def test_feedback_weight_may_be_a_schedule():
    batch = helpers.fake_batch(dtype="float64")
    half = keras.optimizers.schedules.PiecewiseConstantDecay([10], [0.5, 0.1])
    np.testing.assert_allclose(
        fed_back("soft", batch, feedback_weight=half),
        0.5 * fed_back("soft", batch, feedback_weight=1.0),
        rtol=1e-9,
    )


def test_feedback_weight_zero_is_feedback_none_to_the_bit():
    batch = helpers.fake_batch(dtype="float64")
    off = movement(exact("soft", feedback_weight=0.0), batch)
    np.testing.assert_array_equal(off, movement(exact("none"), batch))


def test_consistency_weight_zero_leaves_its_loss_out():
    batch = helpers.fake_batch(dtype="float64")
    loud = batch._replace(weak_inputs=1e6 * batch.weak_inputs)
    np.testing.assert_array_equal(
        movement(exact("none"), batch), movement(exact("none"), loud)
    )


def test_ema_decay_zero_keeps_no_average():
    model = exact("none", ema_decay=0.0)
    assert model.ema_student is model.student


def test_sampled_targets_follow_the_teacher_and_the_step():
    probs = tf.constant([[0.2, 0.5, 0.3]] * 20000)
    kind = feedbacks.Hard()
    first = kind.targets(probs, seeds.key(1)).numpy()
    again = kind.targets(probs, seeds.key(1)).numpy()
    other = kind.targets(probs, seeds.key(2)).numpy()
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)
    np.testing.assert_allclose(first.mean(0), [0.2, 0.5, 0.3], atol=0.015)


def test_masks_follow_the_key_alone():
    network = helpers.tiny_net(dropout=0.5)
    inputs = helpers.fake_batch().strong_inputs
    one = forward(network, inputs, seeds.key(1))
    np.testing.assert_array_equal(one, forward(network, inputs, seeds.key(1)))
    assert np.any(one != forward(network, inputs, seeds.key(2)))


def test_exact_feedback_under_momentum_ignores_past_steps():
    """The scalar by difference holds them; the inner product does not."""
    batch = helpers.fake_batch(dtype="float64")
    feedback = {}
    for kind in ("hard_batch", "finite_difference"):
        model = helpers.mpl(
            helpers.tiny_net(dtype="float64", seed=1),
            helpers.tiny_net(dtype="float64", seed=5),
            student_optimizer=keras.optimizers.SGD(1e-4, momentum=0.9),
            feedback=kind,
            feedback_scale="exact",
        )
        for _ in range(20):
            model.reset_metrics()
            logs = model.train_step(batch)
        feedback[kind] = abs(float(logs["feedback"]))
    assert feedback["finite_difference"] > 2 * feedback["hard_batch"]
