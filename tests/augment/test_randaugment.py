"""RandAugment equals Pillow, integer for integer, and draws evenly."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import augment
from keras_mpl.augment import RandAugment
from keras_mpl.augment import operations
from keras_mpl.augment.randaugment import Draws
from tests.augment import oracles

LEVELS = (*range(18), 20, 25, 30)
BY_PILLOW = [
    name
    for name in (*operations.OPERATIONS, *operations.EXTRA_OPERATIONS)
    if name != "cutout"
]
TONE = (*operations.FIXED_TONES, *operations.STATISTICAL, "contrast")


def _images(source):
    if source == "cifar10":
        return oracles.cifar_images(64)
    return oracles.odd_images()


def _draws(count, operation=0, *, negative=False, centers=None):
    if centers is None:
        centers = np.zeros((count, 2), "int32")
    return Draws(
        tf.fill([count], operation),
        tf.fill([count], True),
        tf.fill([count], negative),
        tf.constant(centers),
    )


def _check(name, found, expected):
    if name in operations.GEOMETRIC:
        assert (found == expected).all(axis=-1).mean() > 0.99
    elif name in TONE:
        np.testing.assert_array_equal(found, expected)
    else:
        difference = found.astype(int) - expected.astype(int)
        assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("source", ["cifar10", "odd"])
@pytest.mark.parametrize("name", BY_PILLOW)
def test_every_operation_equals_pillow_at_every_level(name, source):
    images = _images(source)
    for magnitude in LEVELS:
        policy = RandAugment(1, magnitude, operations=(name,))
        level = policy.level(name, 32)
        for sign in (1, -1) if name in operations.GEOMETRIC else (1,):
            draws = _draws(len(images), negative=sign < 0)
            found = policy.apply(images, draws).numpy()
            expected = np.stack(
                [oracles.pil_operation(name, i, sign * level) for i in images]
            )
            _check(name, found, expected)


@pytest.mark.parametrize("name", operations.GEOMETRIC)
@pytest.mark.parametrize("size", [(224, 224), (20, 31)])
def test_warps_equal_pillow_at_other_sizes(name, size):
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (2, *size, 3)).astype(np.uint8)
    policy = RandAugment(1, 17, operations=(name,), max_translation=100)
    level = policy.level(name, size[1])
    found = policy.apply(images, _draws(2)).numpy()
    expected = [oracles.pil_operation(name, i, level) for i in images]
    _check(name, found, np.stack(expected))


@pytest.mark.parametrize("name", ["autocontrast", "equalize", "contrast"])
def test_grey_images_equal_pillow(name):
    images = oracles.odd_images()[..., :1]
    policy = RandAugment(1, 16, operations=(name,))
    found = policy.apply(images, _draws(10)).numpy()
    level = policy.level(name, 32)
    expected = [oracles.pil_operation(name, i[..., 0], level) for i in images]
    np.testing.assert_array_equal(found[..., 0], np.stack(expected))


@pytest.mark.parametrize("magnitude", LEVELS)
def test_cutout_equals_slow_loops(magnitude):
    images = oracles.odd_images()
    rng = np.random.default_rng(2)
    centers = rng.integers(0, 32, (10, 2)).astype("int32")
    policy = RandAugment(1, magnitude, operations=("cutout",))
    found = policy.apply(images, _draws(10, centers=centers)).numpy()
    half = policy.level("cutout", 32)
    expected = [
        oracles.cover(image, center, half)
        for image, center in zip(images, centers, strict=True)
    ]
    np.testing.assert_array_equal(found, np.stack(expected))


def _by_pillow(policy, image, draws, row):
    """All layers of one image, one after the other."""
    for layer in draws:
        operation, is_applied, is_negative, center = (
            np.asarray(column)[row] for column in layer
        )
        if not is_applied:
            continue
        name = policy.operations[operation]
        level = policy.level(name, image.shape[1])
        if name == "cutout":
            image = oracles.cover(image, center, level)
            continue
        if name in operations.GEOMETRIC and is_negative:
            level = -level
        image = oracles.pil_operation(name, image, level)
    return image


@pytest.mark.parametrize("source", ["cifar10", "odd"])
@pytest.mark.parametrize("magnitude", [5, 16])
def test_whole_batches_equal_pillow_image_by_image(source, magnitude):
    images = np.concatenate([_images(source)] * 4)[:200]
    policy = RandAugment(3, magnitude)
    found = policy(images, (3, 4)).numpy()
    draws = policy.draw(len(images), (32, 32), (3, 4))
    expected = np.stack(
        [
            _by_pillow(policy, image, draws, row)
            for row, image in enumerate(images)
        ]
    )
    assert (found == expected).mean() > 0.999
    assert (found != images).any(axis=(1, 2, 3)).mean() > 0.5


@pytest.fixture(scope="module", name="drawn")
def fixture_drawn():
    return RandAugment(2, 16).draw(60_000, (32, 32), (0, 11))


def _chi_square(counts):
    expected = counts.sum() / len(counts)
    return ((counts - expected) ** 2 / expected).sum()


def test_every_operation_is_drawn_equally_often(drawn):
    for layer in drawn:
        counts = np.bincount(layer.operation, minlength=15)
        assert _chi_square(counts) < 36.1  # 14 degrees of freedom, p = 0.001


def test_layers_and_neighbours_draw_independently(drawn):
    first, second = (np.asarray(layer.operation) for layer in drawn)
    for pairs in (15 * first + second, 15 * first[::2] + first[1::2]):
        counts = np.bincount(pairs, minlength=225)
        assert _chi_square(counts) < 293.2  # 224, p = 0.001


def test_signs_and_centers_are_even(drawn):
    for layer in drawn:
        negative = np.asarray(layer.is_negative)
        assert abs(negative.mean() - 0.5) < 0.008  # 3.9 standard deviations
        for axis in (0, 1):
            counts = np.bincount(layer.centers[:, axis], minlength=32)
            assert _chi_square(counts) < 61.1  # 31, p = 0.001


def test_one_probability_per_image_joins_its_layers(drawn):
    # p ~ U(0.2, 0.8): E[p] = 0.5, E[p^2] = 0.28; independent coins: 0.25.
    first, second = (np.asarray(layer.is_applied) for layer in drawn)
    assert first.mean() == pytest.approx(0.5, abs=0.008)
    assert (first & second).mean() == pytest.approx(0.28, abs=0.008)


def test_frequencies_show_in_the_images():
    # Operations that can be told apart by what they do to one image.
    image = np.full((32, 32, 3), 40, np.uint8)
    pool = ("invert", "brightness", "identity", "solarize_add")
    policy = RandAugment(1, 10, operations=pool, probability=(1.0, 1.0))
    views = policy(np.stack([image] * 20_000), (0, 5)).numpy()[:, 0, 0, 0]
    values, counts = np.unique(views, return_counts=True)
    assert values.tolist() == [40, 76, 150, 215]
    assert _chi_square(counts) < 16.3  # 3 degrees of freedom, p = 0.001


def test_equal_images_get_different_views():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (1, 32, 32, 3)).astype(np.uint8)
    views = RandAugment(2, 16)(np.repeat(image, 64, 0), (1, 2)).numpy()
    assert len(np.unique(views.reshape(64, -1), axis=0)) > 24


def test_view_is_a_function_of_image_row_and_seeds():
    images = np.concatenate([oracles.odd_images()] * 4)
    policy = RandAugment(2, 16)
    views = policy(images, (1, 2)).numpy()
    np.testing.assert_array_equal(views, policy(images, (1, 2)))
    assert (views != policy(images, (1, 3)).numpy()).any()
    changed = images.copy()
    changed[7] = 1
    others = np.arange(40) != 7
    np.testing.assert_array_equal(
        policy(changed, (1, 2)).numpy()[others], views[others]
    )


def test_graph_and_eager_agree_and_shapes_stay_static():
    images = oracles.odd_images()
    policy = RandAugment(2, 16)
    graph = tf.function(policy)
    np.testing.assert_array_equal(graph(images, (3, 4)), policy(images, (3, 4)))
    spec = tf.TensorSpec((20, 32, 32, 3), tf.uint8)
    seeds = tf.TensorSpec((2,), tf.int32)
    concrete = graph.get_concrete_function(spec, seeds)
    assert concrete.structured_outputs.shape == spec.shape


@pytest.mark.parametrize(
    "policy",
    [
        RandAugment(0, 16),
        RandAugment(2, 16, probability=(0.0, 0.0)),
        RandAugment(2, 16, operations=("identity",)),
    ],
)
def test_nothing_to_do_changes_nothing(policy):
    images = oracles.odd_images()
    np.testing.assert_array_equal(policy(images, (0, 0)), images)


def test_lists_are_as_good_as_tuples():
    pool = {"operations": ["invert", "rotate"], "probability": [1.0, 1.0]}
    policy = RandAugment(2, 10, **pool)
    assert policy == RandAugment(
        2, 10, **{name: tuple(values) for name, values in pool.items()}
    )
    images = oracles.odd_images()
    assert policy(images, (0, 0)).shape == images.shape


def test_fill_is_what_moves_in():
    images = np.zeros((1, 32, 32, 3), np.uint8)
    pool = {"operations": ("translate_x",), "probability": (1.0, 1.0)}
    view = RandAugment(1, 10, fill=9, **pool)(images, (0, 0)).numpy()
    assert (view == 9).sum() == 4 * 32 * 3


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: RandAugment(-1), "`num_layers` must be 0 or more"),
        (lambda: RandAugment(2, 31), "`magnitude` must be from 0 to 30"),
        (lambda: RandAugment(2, np.nan), "`magnitude` must be"),
        (
            lambda: RandAugment(operations=("flip",)),
            "`operations` must be one or more of autocontrast",
        ),
        (lambda: RandAugment(operations=()), "`operations` must be"),
        (lambda: RandAugment(operations="rotate"), "operations='rotate'"),
        (lambda: RandAugment(operations={"rotate"}), "`operations` must be"),
        (lambda: RandAugment(operations=3), "`operations` must be .*=3"),
        (lambda: RandAugment(operations=[["rotate"]]), "`operations` must be"),
        (lambda: RandAugment(probability=(0.8, 0.2)), "`probability` must be"),
        (lambda: RandAugment(probability=0.5), "`probability` must be .*=0.5"),
        (lambda: RandAugment(probability=[0.5]), "`probability` must be the"),
        (lambda: RandAugment(probability=["a", 1]), "`probability` must be"),
        (lambda: RandAugment(fill=256), "`fill` must be from 0 to 255"),
        (
            lambda: RandAugment()(np.zeros((2, 8, 8, 3), "float32"), (0, 0)),
            "`images` must be uint8 .* float32",
        ),
        (
            lambda: RandAugment()(np.zeros((8, 8, 3), "uint8"), (0, 0)),
            r"`images` must be uint8 .*\(8, 8, 3\)",
        ),
        (
            lambda: RandAugment()(np.zeros((2, 8, 8, 4), "uint8"), (0, 0)),
            "`images` must have 1 or 3 channels",
        ),
        (
            lambda: RandAugment()(np.zeros((2, 8, 8, 3), "uint8"), (0, 0, 1)),
            "`seeds` must be of shape",
        ),
    ],
)
def test_bad_input_is_refused(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_policies_of_the_package_are_made_of_it():
    steps = augment.cifar_strong.steps
    assert steps[0] == RandAugment(num_layers=2, magnitude=16)
    assert dataclasses.asdict(steps[1]) == {"size": 16, "fill": 128}
    assert steps[2] == augment.cifar_weak


@pytest.mark.slow
@pytest.mark.parametrize("name", ["keras", "keras_cv"])
def test_layers_of_others_are_no_worse_a_strong_view(name):
    from keras_mpl.data import pair

    if name == "keras":
        layer = keras.layers.RandAugment(value_range=(0, 255), seed=0)
    else:
        keras_cv = pytest.importorskip("keras_cv")
        layer = keras_cv.layers.RandAugment(
            value_range=(0, 255), augmentations_per_image=2, seed=0
        )
    images = oracles.odd_images().astype("float32")
    data = pair(
        (images, np.arange(10)),
        images,
        strong=layer,
        batch_size=2,
        unlabeled_ratio=2,
    )
    batch = next(iter(data))
    assert batch.strong_inputs.shape == (4, 32, 32, 3)
    assert (batch.strong_inputs.numpy() != batch.weak_inputs.numpy()).any()
