"""Policies are pure functions of images and seeds, image by image."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import augment
from keras_mpl.augment import Geometric
from keras_mpl.augment import digits_strong
from keras_mpl.augment import digits_weak

ALL = Geometric(
    max_rotation_degrees=20.0,
    max_shear=0.2,
    max_translation=0.1,
    max_scale=0.2,
    cutout_size=2,
    noise=0.05,
)


def _images(batch=4, dtype="float32"):
    rng = np.random.default_rng(0)
    return rng.random((batch, 8, 8, 1)).astype(dtype)


def test_same_seeds_give_the_same_view():
    np.testing.assert_array_equal(
        ALL(_images(), (1, 2)), ALL(_images(), (1, 2))
    )


@pytest.mark.parametrize("seeds", [(1, 3), (2, 2), (2, 1)])
def test_other_seeds_give_another_view(seeds):
    assert np.any(ALL(_images(), (1, 2)) != ALL(_images(), seeds))


def test_graph_and_eager_agree():
    graph = tf.function(ALL)(_images(), (1, 2))
    np.testing.assert_allclose(graph, ALL(_images(), (1, 2)), atol=1e-6)


@pytest.mark.parametrize(
    "name", ["max_rotation_degrees", "max_translation", "max_scale", "noise"]
)
def test_equal_images_of_a_batch_get_different_views(name):
    images = np.repeat(_images(1), 16, axis=0)
    policy = Geometric(**{name: getattr(ALL, name)})
    views = policy(images, (0, 1)).numpy()
    assert len(np.unique(views.reshape(16, -1), axis=0)) == 16


def test_each_view_depends_on_its_own_image_alone():
    images = _images(6)
    changed = images.copy()
    changed[2] = 0.0
    out, other = ALL(images, (3, 4)).numpy(), ALL(changed, (3, 4)).numpy()
    same = [bool((a == b).all()) for a, b in zip(out, other, strict=True)]
    assert same == [True, True, False, True, True, True]


def test_no_amounts_means_no_change():
    np.testing.assert_array_equal(Geometric()(_images(), (0, 0)), _images())


def test_zooms_lie_between_half_and_double_at_scale_one():
    images = np.tile(np.linspace(-3.5, 3.5, 8, dtype="float32"), (500, 8, 1))
    views = Geometric(max_scale=1.0)(images[..., None], (0, 5)).numpy()
    slopes = views[:, 4, 4, 0] - views[:, 4, 3, 0]
    octaves = -np.log2(slopes)
    assert octaves.min() < -0.95
    assert octaves.max() > 0.95
    assert np.abs(octaves).max() <= 1.0 + 1e-5


def test_shifts_stay_within_a_fraction_of_the_side():
    ramp = np.tile(np.arange(8, dtype="float32"), (500, 8, 1))[..., None]
    views = Geometric(max_translation=0.125)(ramp, (0, 6)).numpy()
    shifts = ramp[:, 4, 4, 0] - views[:, 4, 4, 0]
    assert 0.95 < np.abs(shifts).max() <= 1.0
    assert abs(shifts.mean()) < 0.1


def test_cutout_covers_a_square_everywhere_equally_often():
    images = np.ones((4000, 8, 8, 1), "float32")
    views = Geometric(cutout_size=1)(images, (0, 7)).numpy()
    assert (views.sum(axis=(1, 2, 3)) == 63).all()
    counts = (views == 0).sum(axis=(0, 3)).ravel()
    chi_square = ((counts - 62.5) ** 2 / 62.5).sum()
    assert chi_square < 103  # 63 degrees of freedom, p = 0.001


def test_noise_has_the_standard_deviation_it_says():
    images = np.zeros((100, 8, 8, 1), "float32")
    noise = Geometric(noise=0.1)(images, (0, 8)).numpy()
    assert noise.std() == pytest.approx(0.1, rel=0.05)
    assert abs(noise.mean()) < 0.005


def test_switching_a_part_off_leaves_the_other_draws():
    with_noise = Geometric(max_translation=0.1, noise=0.5)
    views = dataclasses.replace(with_noise, noise=0.0)(_images(), (1, 2))
    noise = Geometric(noise=0.5)(np.zeros_like(_images()), (1, 2))
    np.testing.assert_allclose(
        with_noise(_images(), (1, 2)), views + noise, atol=1e-6
    )


def test_nothing_is_ever_mirrored():
    images = np.zeros((200, 8, 8, 1), "float32")
    images[:, :, 6:] = 1.0
    views = digits_strong(images, (0, 9)).numpy()
    assert (
        views[:, :, 4:].sum((1, 2, 3)) > views[:, :, :4].sum((1, 2, 3))
    ).all()


@pytest.mark.parametrize("policy", [digits_weak, digits_strong, ALL])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_shape_and_dtype_stay(policy, dtype):
    out = policy(_images(dtype=dtype), (0, 1))
    assert (out.shape, out.dtype) == ((4, 8, 8, 1), dtype)


def test_static_shape_stays_in_a_graph():
    spec = tf.TensorSpec((20, 8, 8, 1))
    seeds = tf.TensorSpec((2,), tf.int32)
    graph = tf.function(ALL).get_concrete_function(spec, seeds)
    assert graph.structured_outputs.shape == (20, 8, 8, 1)


def test_weak_changes_less_than_strong():
    images = _images(100)
    weak = np.abs(digits_weak(images, (0, 1)) - images).mean()
    strong = np.abs(digits_strong(images, (0, 1)) - images).mean()
    assert 0 < weak < 0.7 * strong


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: Geometric(max_shear=-1.0), "`max_shear` must be 0 or more"),
        (lambda: Geometric(noise=np.nan), "`noise` must be 0 or more"),
        (lambda: ALL(np.zeros((8, 8, 1)), (0, 1)), "`images` must be of sha"),
        (lambda: ALL(_images(), (0, 1, 2)), "`seeds` must be of shape"),
        (lambda: ALL(np.zeros((1, 8, 8, 1), "uint8"), (0, 1)), "must be float"),
    ],
    ids=["negative", "nan", "rank", "seeds", "integer-noise"],
)
def test_bad_input_is_refused(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_policies_are_frozen_and_keyword_only():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ALL.noise = 1.0
    with pytest.raises(TypeError):
        Geometric(20.0)


@pytest.mark.parametrize("view", ["grey_weak", "grey_strong"])
def test_small_grey_images_are_moved_and_never_mirrored(view):
    images = np.zeros((64, 28, 28, 1), np.uint8)
    images[:, 6:22, 2:7] = 200  # on the left alone
    found = np.asarray(getattr(augment, view)(images, (1, 2)))
    assert (found.shape, found.dtype) == (images.shape, images.dtype)
    seen = found.astype(float)
    left = seen[:, :, :14].mean((1, 2, 3))
    right = seen[:, :, 14:].mean((1, 2, 3))
    assert np.all(left >= right)
    assert left.mean() > 10 * right.mean()
    assert np.any(seen != images, axis=(1, 2, 3)).mean() > 0.9
