"""JAX's views are the package's, pixel by pixel, given the same draws."""

import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import augment
from keras_mpl import data
from keras_mpl import seeds as seeds_lib

jax = pytest.importorskip("jax", reason="the replication needs JAX")
import jax.numpy as jnp  # noqa: E402

from benchmarks.replication import prepare  # noqa: E402
from benchmarks.replication import views  # noqa: E402

POLICY = augment.RandAugment(2, 16)
APPLY, STRONG_OF = jax.jit(views.apply), jax.jit(views.strong_of)
STRONG = jax.jit(views.strong)


@pytest.fixture(scope="module")
def tables():
    return views.load_tables(prepare.tables(POLICY))


@pytest.fixture(scope="module")
def images():
    """Smooth, noisy and flat images, dark and light."""
    draws = np.random.default_rng(0)
    noise = draws.integers(0, 256, (6, 32, 32, 3))
    ramp = np.linspace(0, 255, 32)[None, :, None] * np.ones((32, 32, 3))
    dim = draws.integers(40, 90, (4, 32, 32, 3))
    flat = np.full((1, 32, 32, 3), 7)
    found = np.concatenate([noise, ramp[None], dim, flat])
    return jnp.asarray(found.astype(np.uint8))


def test_names_are_the_policys_operations_in_its_order():
    assert views.NAMES == POLICY.operations


@pytest.mark.parametrize("name", views.NAMES)
@pytest.mark.parametrize("is_negative", [False, True])
def test_an_operation_gives_the_same_pixels(name, is_negative, tables, images):
    count = len(images)
    row = np.full(count, views.NAMES.index(name), np.int32)
    signs = np.full(count, is_negative)
    centers = np.random.default_rng(1).integers(0, 32, (count, 2))
    centers = centers.astype(np.int32)
    draws = augment.randaugment.Draws(row, np.full(count, True), signs, centers)
    expected = POLICY.apply(np.asarray(images), draws).numpy()
    found = APPLY(images, views.Draws(row, signs, centers), tables)
    np.testing.assert_array_equal(found, expected)


def test_what_is_not_applied_changes_nothing(tables, images):
    none = np.full(len(images), views.NOTHING, np.int32)
    centers = np.zeros((len(images), 2), np.int32)
    draws = views.Draws(none, none == 0, centers)
    np.testing.assert_array_equal(APPLY(images, draws, tables), images)


def test_layers_read_their_draws_as_the_policy_does():
    count, seeds = 4000, (3, 5)
    uniform = tf.random.stateless_uniform(
        (count, 11), seeds_lib.fold_in(tf.constant(seeds), 0), alg="philox"
    )
    layers = POLICY.draw(count, (32, 32), seeds)
    for ours, theirs in zip(views.draw(uniform.numpy()), layers, strict=True):
        applied = theirs.is_applied.numpy()
        operation = np.where(applied, theirs.operation, views.NOTHING)
        np.testing.assert_array_equal(ours.operation, operation)
        np.testing.assert_array_equal(ours.is_negative, theirs.is_negative)
        np.testing.assert_array_equal(ours.centers, theirs.centers)
        assert 0.4 < applied.mean() < 0.6


def _uniform(count, columns, seeds):
    folded = seeds_lib.fold_in(tf.convert_to_tensor(seeds), 0)
    drawn = tf.random.stateless_uniform((count, columns), folded, alg="philox")
    return drawn.numpy()


def test_the_weak_view_is_the_same(images):
    expected = augment.FlipCrop(4)(np.asarray(images), (1, 2)).numpy()
    uniform = _uniform(len(images), 3, (1, 2))
    np.testing.assert_array_equal(views.flip_crop(images, uniform), expected)


def test_the_cutout_is_the_same(images):
    expected = augment.Cutout(16)(np.asarray(images), (1, 2)).numpy()
    centers = _uniform(len(images), 2, (1, 2)) * 32
    found = views.covered(images, centers.astype(np.int32), views.CUTOUT_HALF)
    np.testing.assert_array_equal(found, expected)


def test_the_strong_view_is_the_same(tables, images):
    many = np.tile(images, (8, 1, 1, 1))
    seeds = tf.constant((3, 4))
    expected = augment.cifar_strong(many, seeds).numpy()
    uniform = [
        _uniform(len(many), columns, seeds_lib.fold_in(seeds, number))
        for number, columns in enumerate((11, 2, 3))
    ]
    found = STRONG_OF(jnp.asarray(many), uniform, tables)
    np.testing.assert_array_equal(found, expected)


def test_a_strong_view_is_drawn_anew_for_each_key(tables, images):
    first, again, other = (
        np.asarray(STRONG(images, jax.random.key(seed), tables))
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=(1, 2, 3)).all()


def test_blends_of_several_levels_are_refused():
    wrong = prepare.tables(POLICY)
    wrong["levels"] = np.arange(15.0)
    with pytest.raises(ValueError, match="`levels` must be equal"):
        views.load_tables(wrong)


def test_pixels_are_standardised_alike(images):
    normalize = data.CATALOG["cifar10"].normalize
    expected = normalize(np.asarray(images)).numpy()
    found = views.normalised(images)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
