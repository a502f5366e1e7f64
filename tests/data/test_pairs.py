"""Batches are functions of (seed, step); bad data is refused in one line."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import seeds as seeds_lib
from keras_mpl.augment import Chain
from keras_mpl.augment import Cutout
from keras_mpl.augment import digits_strong
from keras_mpl.augment import digits_weak
from keras_mpl.batch import Batch
from keras_mpl.batch import BatchSource
from keras_mpl.data import pair
from keras_mpl.data.sources import shuffled_rows

NUM_LABELED, NUM_UNLABELED = 10, 23


def _ids(size, width=3):
    """Inputs whose rows say which example they are."""
    return np.repeat(np.arange(size, dtype="float32")[:, None], width, 1)


def _labeled(size=NUM_LABELED):
    return _ids(size), np.arange(size) % 2


def _negate(inputs, seeds):
    del seeds
    return -inputs


def _jitter(inputs, seeds):
    noise = tf.random.stateless_uniform(
        tf.shape(inputs), seeds, -0.25, 0.25, alg="philox"
    )
    return inputs + noise


def _pair(labeled=None, unlabeled=None, **options):
    options = {
        "strong": _negate,
        "batch_size": 4,
        "unlabeled_ratio": 2,
    } | options
    labeled = _labeled() if labeled is None else labeled
    unlabeled = _ids(NUM_UNLABELED) if unlabeled is None else unlabeled
    return pair(labeled, unlabeled, **options)


def _take(data, count, first_step=0):
    return list(data.batches(first_step).take(count).as_numpy_iterator())


def _dataset(values, batch_size=None, drop_remainder=True):
    dataset = tf.data.Dataset.from_tensor_slices(values)
    if batch_size is None:
        return dataset
    return dataset.batch(batch_size, drop_remainder=drop_remainder)


# What a batch is.


def test_pair_is_a_batch_source_of_batches():
    data = _pair()
    assert isinstance(data, BatchSource)
    assert isinstance(next(iter(data)), Batch)


def test_shapes_are_static_and_the_ratio_holds():
    spec = _pair().element_spec
    assert spec.labeled_inputs == tf.TensorSpec((4, 3), tf.float32)
    assert spec.labels == tf.TensorSpec((4,), tf.int32)
    assert spec.weak_inputs == tf.TensorSpec((8, 3), tf.float32)
    assert spec.strong_inputs == spec.weak_inputs
    assert spec == _pair().batches().element_spec


def test_default_ratio_is_seven():
    data = _pair(batch_size=3, unlabeled_ratio=None)
    assert data.element_spec.weak_inputs.shape == (21, 3)


@pytest.fixture(scope="module", name="batches")
def fixture_batches():
    return _take(_pair(), 6)


def test_labels_stay_with_their_inputs(batches):
    for batch in batches:
        np.testing.assert_array_equal(
            batch.labeled_inputs[:, 0] % 2, batch.labels
        )


def test_rows_of_both_views_are_the_same_examples(batches):
    for batch in batches:
        np.testing.assert_array_equal(batch.strong_inputs, -batch.weak_inputs)


def test_given_views_are_gathered_together():
    views = _ids(NUM_UNLABELED), 100 + _ids(NUM_UNLABELED)
    for batch in _take(_pair(unlabeled=views, strong=None), 4):
        np.testing.assert_array_equal(
            batch.strong_inputs, 100 + batch.weak_inputs
        )


# Order.


@pytest.mark.parametrize(
    ("size", "batch_size"), [(10, 4), (7, 7), (8, 5), (1, 1), (9, 2)]
)
def test_every_epoch_visits_every_example_once(size, batch_size):
    rows = shuffled_rows(size, batch_size, seeds_lib.key(0), 10)
    flat = np.concatenate(list(rows.take(6 * size).as_numpy_iterator()))
    epochs = flat[: len(flat) // size * size].reshape(-1, size)
    np.testing.assert_array_equal(
        np.sort(epochs, 1), np.tile(np.arange(size), (len(epochs), 1))
    )
    if size > 6:
        assert len(np.unique(epochs, axis=0)) == len(epochs)


def test_every_order_is_equally_likely():
    rows = shuffled_rows(4, 4, seeds_lib.key(5), 10).take(4800)
    orders = np.stack(list(rows.as_numpy_iterator()))
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 24
    assert ((counts - 200) ** 2 / 200).sum() < 49.7  # 23 dof, p = 0.001


def test_orders_do_not_recur_after_256_epochs():
    # They would with `tf.random.experimental.index_shuffle`.
    rows = shuffled_rows(20, 20, seeds_lib.key(0), 10).take(600)
    orders = np.stack(list(rows.as_numpy_iterator()))
    assert len(np.unique(orders, axis=0)) == 600


def test_labeled_and_unlabeled_orders_differ():
    data = _pair(unlabeled=_ids(NUM_LABELED), batch_size=5, unlabeled_ratio=1)
    batches = _take(data, 2)
    assert any(
        batch.labeled_inputs.tolist() != batch.weak_inputs.tolist()
        for batch in batches
    )


def test_batch_1000_is_the_same_reached_directly_or_by_iterating():
    data = _pair(weak=_jitter, strong=_jitter, seed=3)
    walked = next(
        itertools.islice(data.batches().as_numpy_iterator(), 1000, None)
    )
    for part, other in zip(walked, _take(data, 1, 1000)[0], strict=True):
        np.testing.assert_array_equal(part, other)


def test_batches_are_functions_of_the_seed():
    def first(seed):
        data = _pair(weak=_jitter, strong=_jitter, seed=seed)
        return np.concatenate([part.ravel() for part in _take(data, 1)[0]])

    one = first(1)
    np.testing.assert_array_equal(one, first(1))
    assert (one != first(2)).any()
    assert (one != first(1 + 2**32)).any()


# Views.


def test_views_draw_anew_every_step_and_at_every_place():
    data = _pair(
        (np.zeros((4, 3), "float32"), np.zeros(4, int)),
        np.zeros((8, 3), "float32"),
        weak=_jitter,
        strong=_jitter,
        unlabeled_ratio=1,
    )
    parts = [batch[place] for batch in _take(data, 3) for place in (0, 2, 3)]
    values = np.concatenate([part.ravel() for part in parts])
    assert len(np.unique(values)) == values.size


def test_weak_changes_labeled_inputs_and_the_weak_view():
    data = _pair(weak=_negate, strong=lambda inputs, seeds: inputs + 0.5)
    batch = _take(data, 1)[0]
    assert (batch.labeled_inputs <= 0).all()
    np.testing.assert_array_equal(batch.strong_inputs, 0.5 - batch.weak_inputs)


def test_weak_may_change_the_dtype_if_strong_does_too():
    def scale(inputs, seeds):
        return tf.cast(inputs, tf.float32) / 255.0

    inputs = np.arange(48, dtype="uint8").reshape(16, 3)
    data = _pair((inputs, np.zeros(16, int)), inputs, weak=scale, strong=scale)
    assert data.element_spec.labeled_inputs.dtype == tf.float32


def test_keras_layers_are_called_in_training_mode():
    layer = keras.layers.GaussianNoise(1.0, seed=0)
    batch = _take(_pair(strong=layer), 1)[0]
    assert (batch.strong_inputs != batch.weak_inputs).all()


def test_keras_layers_with_weights_are_built_before_the_pipeline():
    model = keras.Sequential([keras.layers.Dense(3), keras.layers.Rescaling(2)])
    assert _take(_pair(strong=model), 1)[0].strong_inputs.shape == (8, 3)


def test_digits_policies_fit():
    rng = np.random.default_rng(0)
    images = rng.random((16, 8, 8, 1)).astype("float32")
    data = _pair(
        (images, np.zeros(16, int)),
        images,
        weak=digits_weak,
        strong=digits_strong,
    )
    batch = _take(data, 1)[0]
    assert batch.strong_inputs.shape == (8, 8, 8, 1)
    assert (batch.strong_inputs != batch.weak_inputs).any()


def test_a_view_of_ones_own_may_branch_on_tensors():
    def view(inputs, seeds):
        if tf.reduce_sum(inputs) > 1e6:  # tensors, which autograph reads
            inputs = inputs * 0
        return -inputs

    batch = _take(_pair(weak=view, strong=view, finish=lambda x: x + 1), 1)[0]
    assert (batch.strong_inputs <= 1).all()
    images = np.full((16, 4, 4, 1), 2, "uint8")
    chain = Chain((_brighten, Cutout(2)))
    data = _pair((images, np.zeros(16, int)), images, weak=chain, strong=chain)
    assert (_take(data, 1)[0].weak_inputs == 3).any()


def _brighten(images, seeds):
    if tf.reduce_max(images) > 1:
        images += 1
    return images


def test_nested_inputs_keep_their_structure():
    def nested(size):
        return {"text": np.arange(size), "more": (_ids(size), _ids(size, 2))}

    def strong(inputs, seeds):
        return inputs | {"text": inputs["text"] + 1000}

    data = _pair((nested(10), np.zeros(10, int)), nested(23), strong=strong)
    for batch in _take(data, 3):
        weak, strong_inputs = batch.weak_inputs, batch.strong_inputs
        np.testing.assert_array_equal(weak["text"], weak["more"][1][:, 0])
        np.testing.assert_array_equal(
            strong_inputs["text"], 1000 + weak["text"]
        )


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8"])
def test_integer_labels_become_int32(dtype):
    inputs, labels = _labeled()
    data = _pair((inputs, labels.astype(dtype)))
    assert data.element_spec.labels == tf.TensorSpec((4,), tf.int32)


def test_class_probabilities_pass_unchanged():
    inputs, labels = _labeled()
    probs = np.eye(2, dtype="float32")[labels]
    batch = _take(_pair((inputs, probs)), 1)[0]
    np.testing.assert_array_equal(
        batch.labels.argmax(1), batch.labeled_inputs[:, 0] % 2
    )


def test_lists_of_labels_are_fine():
    data = _pair((_ids(4), [0, 1, 0, 1]))
    assert data.element_spec.labels == tf.TensorSpec((4,), tf.int32)


# tf.data.


def test_datasets_of_examples_are_batched_and_repeated_in_their_order():
    data = _pair(_dataset(_labeled()), _dataset(_ids(NUM_UNLABELED)))
    batches = _take(data, 6)
    rows = np.concatenate([batch.labeled_inputs[:, 0] for batch in batches])
    np.testing.assert_array_equal(rows, np.arange(24) % NUM_LABELED)
    rows = np.concatenate([batch.weak_inputs[:, 0] for batch in batches])
    np.testing.assert_array_equal(rows, np.arange(48) % NUM_UNLABELED)
    assert data.element_spec.weak_inputs.shape == (8, 3)
    assert data.steps_per_epoch == 3


def test_arrays_and_datasets_mix():
    data = _pair(unlabeled=_dataset(_ids(NUM_UNLABELED)))
    assert data.steps_per_epoch == 3
    assert _take(data, 1)[0].strong_inputs.shape == (8, 3)


@pytest.mark.parametrize("drop_remainder", [True, False])
def test_batched_datasets_keep_their_sizes(drop_remainder):
    data = _pair(
        _dataset(_labeled(), 4, drop_remainder),
        _dataset(_ids(NUM_UNLABELED), 5, drop_remainder),
        batch_size=None,
        unlabeled_ratio=None,
    )
    assert data.element_spec.labels.shape == (4,)
    assert data.element_spec.weak_inputs.shape == (5, 3)
    assert data.steps_per_epoch == (4 if drop_remainder else 5)
    rows = [batch.labeled_inputs[:, 0].tolist() for batch in _take(data, 3)]
    assert rows == [[0, 1, 2, 3], [4, 5, 6, 7], [0, 1, 2, 3]]


def test_streams_start_at_a_later_step():
    data = _pair(
        _dataset(_labeled()), _dataset(_ids(NUM_UNLABELED)), strong=_jitter
    )
    walked, direct = _take(data, 6)[5], _take(data, 1, 5)[0]
    for part, other in zip(walked, direct, strict=True):
        np.testing.assert_array_equal(part, other)


def test_dataset_of_views_needs_no_strong():
    views = _ids(NUM_UNLABELED), 100 + _ids(NUM_UNLABELED)
    batch = _take(_pair(unlabeled=_dataset(views), strong=None), 1)[0]
    np.testing.assert_array_equal(batch.strong_inputs, 100 + batch.weak_inputs)


@pytest.mark.parametrize(
    ("num_labeled", "num_unlabeled", "steps"),
    [(10, 23, 3), (40, 23, 10), (41, 23, 11), (4, 24, 3), (4, 8, 1)],
)
def test_steps_per_epoch_see_the_longer_set_once(
    num_labeled, num_unlabeled, steps
):
    data = _pair(_labeled(num_labeled), _ids(num_unlabeled))
    assert data.steps_per_epoch == steps


@pytest.mark.parametrize(
    "change",
    [lambda d: d.repeat(), lambda d: d.filter(lambda x: True)],
    ids=["infinite", "unknown"],
)
def test_steps_per_epoch_say_when_they_are_unknown(change):
    data = _pair(unlabeled=change(_dataset(_ids(NUM_UNLABELED))))
    assert len(_take(data, 4)) == 4
    with pytest.raises(ValueError, match="pass steps_per_epoch to fit"):
        _ = data.steps_per_epoch


# Bad input.


def _with(array, index, value):
    array = array.copy()
    array[index] = value
    return array


BAD = {
    "boolean-labels": (
        {"labeled": (_ids(10), np.zeros(10, bool))},
        r"`labels` must be integer ids .* Received: bool\(4,\)",
    ),
    "box-of-labels": (
        {"labeled": (_ids(10), np.zeros((10, 1, 1), int))},
        r"`labels` must be integer ids .* Received: int64\(4, 1, 1\)",
    ),
    "negative-labels": (
        {"labeled": (_ids(4), np.array([0, 1, -1, 0]))},
        "`labels` must not be negative. Received: -1 in example 2",
    ),
    "shapes-differ": (
        {"unlabeled": _ids(23, 4)},
        r"`unlabeled` must have the .*float32\(4, 3\)\. Received: float32\(8",
    ),
    "dtypes-differ": (
        {"unlabeled": _ids(23).astype("float64")},
        r"`unlabeled` must have the structure.* Received: float64\(8, 3\)",
    ),
    "structures-differ": (
        {"unlabeled": {"a": _ids(23)}},
        r"`unlabeled` must have the structure.* Received: \{'a'",
    ),
    "empty": (
        {"labeled": (_ids(0), np.zeros(0, int))},
        "`labeled` must not be empty",
    ),
    "empty-dataset": (
        {"unlabeled": _dataset(_ids(23)).take(0)},
        "`unlabeled` must not be empty",
    ),
    "empty-structure": ({"unlabeled": {}}, "`unlabeled` must hold arrays"),
    "labels-too-short": (
        {"labeled": (_ids(10), np.zeros(9, int))},
        r"`labeled` must hold arrays of one length.*\[10, 9\]",
    ),
    "views-of-two-lengths": (
        {"unlabeled": (_ids(23), _ids(22)), "strong": None},
        r"`unlabeled` must hold arrays of one length.*\[23, 22\]",
    ),
    "unlabeled-too-small": (
        {"unlabeled": _ids(7)},
        "`unlabeled` must have at least one batch of 8 .* Received: 7",
    ),
    "unlabeled-dataset-too-small": (
        {"unlabeled": _dataset(_ids(7))},
        "`unlabeled` must have at least one batch of 8 .* Received: 7",
    ),
    "labeled-too-small": (
        {"batch_size": 32},
        "`labeled` must have at least one batch of 32 .* Received: 10",
    ),
    "nan": (
        {"unlabeled": _with(_ids(23), (17, 1), np.nan)},
        "`unlabeled` must be finite. Received: nan or inf in example 17",
    ),
    "inf": (
        {"labeled": (_with(_ids(10), (3, 0), -np.inf), np.zeros(10, int))},
        "`labeled` must be finite. Received: nan or inf in example 3",
    ),
    "raw-without-strong": (
        {"strong": None},
        r"`unlabeled` must be a pair \(weak, strong\).*give `strong`",
    ),
    "raw-dataset-without-strong": (
        {"unlabeled": _dataset(_ids(23)), "strong": None},
        r"`unlabeled` must be a pair \(weak, strong\)",
    ),
    "three-views": (
        {"unlabeled": (_ids(23),) * 3, "strong": None},
        "`unlabeled` must be a pair.* Received: tuple of 3",
    ),
    "labeled-array-alone": (
        {"labeled": _ids(10)},
        r"`labeled` must be a pair \(inputs, labels\).* of shape \(10, 3\)",
    ),
    "labeled-dataset-of-inputs": (
        {"labeled": _dataset(_ids(10))},
        r"`labeled` must be a pair \(inputs, labels\)",
    ),
    "nested-lists": (
        {"unlabeled": [[1.0, 2.0], [3.0, 4.0]]},
        "`unlabeled` must hold arrays with one row per example",
    ),
    "no-batch-size": (
        {"batch_size": None, "unlabeled_ratio": None},
        "`batch_size` must be given when examples are arrays",
    ),
    "zero-batch-size": ({"batch_size": 0}, "`batch_size` must be a positive"),
    "float-batch-size": (
        {"batch_size": 4.0},
        r"`batch_size` must be a positive integer. Received: batch_size=4\.0",
    ),
    "negative-ratio": (
        {"unlabeled_ratio": -1},
        "`unlabeled_ratio` must be a positive integer",
    ),
    "ratio-of-batched": (
        {
            "labeled": _dataset(_labeled(), 4),
            "unlabeled": _dataset(_ids(23), 8),
            "batch_size": None,
        },
        "`unlabeled_ratio` must be None for batched datasets",
    ),
    "not-batched": (
        {
            "labeled": _dataset((np.arange(10), np.arange(10))),
            "unlabeled": _dataset(np.arange(10)),
            "batch_size": None,
            "unlabeled_ratio": None,
        },
        "`labeled` must be batched when `batch_size` is None",
    ),
    "batched-twice": (
        {"labeled": _dataset(_labeled(40), 4)},
        r"`labels` must be integer ids",
    ),
    "ragged": (
        {"unlabeled": _dataset(tf.ragged.constant([[1.0], [2.0, 3.0]] * 9))},
        "`unlabeled` must have static shapes",
    ),
    "float-seed": ({"seed": 0.5}, "`seed` must be an integer"),
    "strong-not-callable": ({"strong": 3}, "`strong` must be a function"),
    "strong-shape": (
        {"strong": lambda inputs, seeds: inputs[:, :2]},
        r"`strong` must have the .* weak view.* Received: float32\(2, 2\)",
    ),
    "strong-dtype": (
        {"strong": lambda inputs, seeds: tf.cast(inputs, tf.float64)},
        "`strong` must have the structure, shapes and dtypes",
    ),
    "strong-rows": (
        {"strong": lambda inputs, seeds: inputs[:1]},
        "`strong` must return one row for each",
    ),
    "weak-dtype": (
        {
            "weak": lambda inputs, seeds: tf.cast(inputs, tf.float64),
            "unlabeled": (_ids(23), _ids(23)),
            "strong": None,
        },
        r"`unlabeled\[1\]` must have the structure, shapes and dtypes",
    ),
}


@pytest.mark.parametrize(("change", "match"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_in_one_line(change, match):
    with pytest.raises(ValueError, match=match) as info:
        _pair(**change)
    assert "Received: " in str(info.value)
    assert "\n" not in str(info.value)


def test_negative_first_step_is_refused():
    with pytest.raises(ValueError, match="`first_step` must be 0 or more"):
        _pair().batches(-1)


# What the strong view is made of, and what views end with.


def test_strong_view_can_be_made_of_the_weak_one():
    options = {"weak": _jitter, "strong": lambda x, seeds: 100 + x}
    batch = _take(_pair(strong_from="weak", **options), 1)[0]
    np.testing.assert_allclose(
        batch.strong_inputs, 100 + batch.weak_inputs, rtol=1e-6
    )
    raw = _take(_pair(strong_from="raw", **options), 1)[0]
    assert (raw.strong_inputs % 1 == 0).all()
    assert (raw.weak_inputs % 1 != 0).any()
    np.testing.assert_array_equal(raw.weak_inputs, batch.weak_inputs)


def test_all_views_end_with_finish():
    plain = _take(_pair(), 1)[0]
    halves = _take(_pair(finish=lambda inputs: inputs / 2), 1)[0]
    for place in (0, 2, 3):
        np.testing.assert_array_equal(halves[place], plain[place] / 2)


def test_only_pipelines_are_tuned():
    """TensorFlow's tuner can hold up the end of `fit` for a minute."""
    in_memory = _pair().batches().options()
    assert in_memory.autotune.enabled is False
    assert in_memory.deterministic
    piped = _pair(unlabeled=_dataset(_ids(NUM_UNLABELED))).batches().options()
    assert piped.autotune.enabled is not False
    assert piped.deterministic


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"strong_from": "both"}, "`strong_from` must be 'raw' or 'weak'"),
        ({"finish": 3}, "`finish` must be a function"),
    ],
)
def test_what_makes_no_view_is_refused(options, match):
    with pytest.raises(ValueError, match=match):
        _pair(**options)


@pytest.mark.parametrize("encode", [np.float32, np.int64])
@pytest.mark.parametrize("shape", [(10,), (10, 1)])
def test_labels_that_users_of_keras_have_are_taken(encode, shape):
    labels = (np.arange(10) % 3).astype(encode).reshape(shape)
    data = pair(
        (_ids(10), labels),
        _ids(20),
        strong=lambda inputs, seeds: inputs,
        batch_size=5,
        unlabeled_ratio=2,
    )
    np.testing.assert_array_equal(data.labels, labels)
    assert next(iter(data)).labels.shape == (5, *shape[1:])
