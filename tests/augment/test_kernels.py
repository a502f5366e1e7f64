"""Warps and cutout against numpy, pixel by pixel."""

import numpy as np
import pytest
import tensorflow as tf

from keras_mpl.augment import kernels

IDENTITY = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]


def _images(shape=(3, 5, 7, 2), dtype="float32"):
    rng = np.random.default_rng(0)
    if dtype == "uint8":
        return rng.integers(0, 256, shape).astype(dtype)
    return rng.random(shape).astype(dtype)


def _shifted(images, right, down, fill):
    """Moves all images by whole pixels, slowly."""
    out = np.full_like(images, fill)
    height, width = images.shape[1:3]
    for row in range(height):
        for column in range(width):
            source = row - down, column - right
            if 0 <= source[0] < height and 0 <= source[1] < width:
                out[:, row, column] = images[:, source[0], source[1]]
    return out


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "uint8"])
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_identity_matrix_changes_nothing(dtype, interpolation):
    images = _images(dtype=dtype)
    matrices = [IDENTITY] * len(images)
    out = kernels.warp(images, matrices, interpolation=interpolation)
    assert out.dtype == dtype
    # TensorFlow interpolates in float32, float64 images too.
    np.testing.assert_allclose(out, images, rtol=1e-7, atol=0)


@pytest.mark.parametrize("shift", [(1, 0), (0, 2), (-2, 1), (3, -3)])
def test_integer_translation_moves_whole_pixels(shift):
    images = _images()
    matrices = kernels.affine_matrices(5, 7, translation=[shift] * 3)
    out = kernels.warp(images, matrices, fill=0.5)
    np.testing.assert_allclose(out, _shifted(images, *shift, 0.5), rtol=1e-6)


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_right_angles_equal_rot90(quarters, interpolation):
    images = _images((2, 5, 5, 1))
    angles = [90.0 * quarters] * 2
    matrices = kernels.affine_matrices(5, 5, rotation_degrees=angles)
    out = kernels.warp(images, matrices, interpolation=interpolation)
    expected = np.rot90(images, quarters, axes=(1, 2))
    np.testing.assert_allclose(out, expected, atol=2e-6)


def test_every_image_gets_its_own_matrix():
    images = _images((2, 5, 5, 1))
    matrices = kernels.affine_matrices(
        5, 5, rotation_degrees=[0.0, 90.0], translation=[[1.0, 0.0], [0, 0]]
    )
    out = kernels.warp(images, matrices).numpy()
    np.testing.assert_allclose(
        out[:1], _shifted(images[:1], 1, 0, 0.0), atol=2e-6
    )
    np.testing.assert_allclose(out[1], np.rot90(images[1]), atol=2e-6)


def test_half_a_pixel_averages_two_and_fades_into_the_fill():
    row = np.array([2.0, 4.0, 8.0], "float32").reshape(1, 1, 3, 1)
    matrices = kernels.affine_matrices(1, 3, translation=[[0.5, 0.0]])
    out = kernels.warp(row, matrices, fill=10.0)
    assert out.numpy().ravel().tolist() == [6.0, 3.0, 6.0]


def test_integer_images_are_rounded_not_cut_off():
    row = np.array([0, 3], "uint8").reshape(1, 1, 2, 1)
    matrices = kernels.affine_matrices(1, 2, translation=[[0.25, 0.0]])
    out = kernels.warp(row, matrices, fill=0.0)
    assert out.numpy().ravel().tolist() == [0, 2]  # 0, 2.25
    matrices = kernels.affine_matrices(1, 2, translation=[[0.1, 0.0]])
    assert kernels.warp(row, matrices).numpy().ravel()[1] == 3  # 2.7


def test_matrices_undo_the_forward_map():
    rng = np.random.default_rng(1)
    batch, height, width = 6, 9, 4
    degrees = rng.uniform(-180, 180, batch)
    shear = rng.uniform(-0.8, 0.8, (batch, 2))
    scale = rng.uniform(0.5, 2.0, batch)
    translation = rng.uniform(-3, 3, (batch, 2))
    rows = kernels.affine_matrices(
        height,
        width,
        rotation_degrees=degrees,
        shear=shear,
        scale=scale,
        translation=translation,
    ).numpy()
    center = np.array([(width - 1) / 2, (height - 1) / 2])
    for i in range(batch):
        angle = np.deg2rad(degrees[i])
        cos, sin = np.cos(angle), np.sin(angle)
        forward = (
            np.array([[cos, sin], [-sin, cos]])
            @ np.array([[1, shear[i, 0]], [0, 1]])
            @ np.array([[1, 0], [shear[i, 1], 1]])
            * scale[i]
        )
        point = rng.uniform(0, 4, 2)
        moved = forward @ (point - center) + center + translation[i]
        back = rows[i].reshape(4, 2).ravel()[:6].reshape(2, 3) @ [*moved, 1.0]
        np.testing.assert_allclose(back, point, atol=1e-4)


def test_positive_shear_moves_lower_rows_right():
    images = np.zeros((1, 3, 5, 1), "float32")
    images[0, :, 2] = 1.0
    matrices = kernels.affine_matrices(3, 5, shear=[[1.0, 0.0]])
    out = kernels.warp(images, matrices).numpy()[0, :, :, 0]
    assert out.argmax(axis=1).tolist() == [1, 2, 3]


def test_static_shapes_survive_in_a_graph():
    spec = tf.TensorSpec((4, 8, 8, 1))
    matrices = tf.constant([IDENTITY] * 4)
    warp = tf.function(lambda images: kernels.warp(images, matrices))
    cut = tf.function(lambda images: kernels.cutout(images, [[1, 1]] * 4, 3))
    assert (
        warp.get_concrete_function(spec).structured_outputs.shape == spec.shape
    )
    assert (
        cut.get_concrete_function(spec).structured_outputs.shape == spec.shape
    )


def test_unknown_interpolation_is_refused():
    with pytest.raises(ValueError, match="`interpolation` must be"):
        kernels.warp(_images(), [IDENTITY] * 3, interpolation="cubic")


def _cutout_slowly(images, centers, sizes, fill):
    out = images.copy()
    for i, ((x, y), size) in enumerate(zip(centers, sizes, strict=True)):
        for row in range(images.shape[1]):
            for column in range(images.shape[2]):
                down, right = row - (y - size // 2), column - (x - size // 2)
                if 0 <= down < size and 0 <= right < size:
                    out[i, row, column] = fill
    return out


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_cutout_equals_slow_loops(dtype):
    images = _images((8, 6, 9, 3), dtype)
    rng = np.random.default_rng(2)
    centers = np.stack([rng.integers(0, 9, 8), rng.integers(0, 6, 8)], 1)
    sizes = np.array([0, 1, 2, 3, 4, 5, 20, 2])
    out = kernels.cutout(images, centers, sizes, fill=7)
    assert out.dtype == dtype
    np.testing.assert_array_equal(
        out, _cutout_slowly(images, centers, sizes, 7)
    )


def test_cutout_of_size_zero_changes_nothing():
    images = _images()
    out = kernels.cutout(images, [[3, 3]] * 3, 0)
    np.testing.assert_array_equal(out, images)
