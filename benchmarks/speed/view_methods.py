"""The methods of making views that `views_speed.py` times.

A method is a call without arguments and the number of images that it makes.
"""

import io
from collections.abc import Callable

import keras
import keras_cv
import numpy as np
import tensorflow as tf
from PIL import Image

from keras_mpl import augment
from keras_mpl import data
from keras_mpl.data import decode
from tests.augment import oracles

Method = tuple[Callable[[], None], int]
View = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def ours(view: View, batch: np.ndarray, cores: int) -> Method:
    """Returns a call that makes 128 views of a batch, and their size.

    There are so many because up to 4 of them may have been made while the
    other methods had their turn.
    """
    counter = tf.data.Dataset.counter()
    views = iter(
        counter.map(
            lambda step: view(batch, tf.stack([0, tf.cast(step, tf.int32)])),
            num_parallel_calls=cores,
            deterministic=True,
        ).prefetch(2)
    )

    def run():
        for _ in range(128):
            next(views)

    return run, 128 * len(batch)


def pipeline(batch: np.ndarray) -> Method:
    """Returns a call that takes whole batches of 7 to 1, and their size.

    The size is the number of unlabelled images, each in two views, as floats.
    """
    labeled = len(batch) // 7
    batches = iter(
        data.pair(
            (batch[:labeled], np.arange(labeled) % 10),
            batch,
            weak=augment.cifar_weak,
            strong=augment.cifar_strong,
            strong_from="weak",
            finish=lambda images: tf.cast(images, tf.float32) / 255.0,
            batch_size=labeled,
            unlabeled_ratio=7,
        )
    )

    def run():
        for _ in range(32):
            next(batches)

    return run, 32 * 7 * labeled


def layer(made: keras.Layer, batch: np.ndarray, batches: int) -> Method:
    """Returns a call that runs a Keras layer in a graph, and its size."""
    graph = tf.function(lambda inputs: made(inputs, training=True))
    inputs = tf.cast(batch, tf.float32)

    def run():
        for _ in range(batches):
            graph(inputs).numpy()

    return run, batches * len(batch)


def pillow(batch: np.ndarray) -> Method:
    """Returns a call that makes the whole view by Pillow, one core."""
    policy = augment.RandAugment(2, 16)
    rng = np.random.default_rng(0)

    def crop(image):
        if rng.random() < 0.5:
            image = image[:, ::-1]
        padded = np.pad(image, ((4, 4), (4, 4), (0, 0)), constant_values=128)
        top, left = rng.integers(0, 9, 2)
        return padded[top : top + 32, left : left + 32]

    def one(image):
        image = crop(image)
        probability = rng.uniform(0.2, 0.8)
        for name in rng.choice(policy.operations, 2):
            if rng.random() < probability:
                level = policy.level(name, 32)
                if name == "cutout":
                    center = rng.integers(0, 32, 2)
                    image = oracles.cover(image, center, level)
                else:
                    image = oracles.pil_operation(
                        name, np.ascontiguousarray(image), level
                    )
        return crop(oracles.cover(image, rng.integers(0, 32, 2), 8))

    def run():
        np.stack([one(image) for image in batch])

    return run, len(batch)


def jpegs(batch: np.ndarray, count: int = 64) -> list[bytes]:
    """Returns JPEG files of 500 x 375, made of enlarged images."""
    files = []
    for image in batch[:count]:
        enlarged = Image.fromarray(image).resize(
            (500, 375), Image.Resampling.BICUBIC
        )
        file = io.BytesIO()
        enlarged.save(file, "JPEG", quality=90)
        files.append(file.getvalue())
    return files


def large(files: list[bytes], cores: int, *, is_whole: bool) -> Method:
    """Returns a call that decodes, and if `is_whole` augments, 224 x 224."""

    def read(step, file):
        seeds = tf.stack([0, tf.cast(step, tf.int32)])
        return decode.random_crop(file, seeds, size=224)

    def views(step, images):
        seeds = tf.stack([1, tf.cast(step, tf.int32)])
        return (
            augment.imagenet_weak(images, seeds),
            augment.imagenet_strong(images, seeds + 1),
        )

    records = tf.data.Dataset.from_tensor_slices(files).repeat()
    read_images = tf.data.Dataset.zip(tf.data.Dataset.counter(), records)
    pipeline = read_images.map(
        read, num_parallel_calls=cores, deterministic=True
    ).batch(64, drop_remainder=True)
    if is_whole:
        pipeline = tf.data.Dataset.zip(tf.data.Dataset.counter(), pipeline).map(
            views, num_parallel_calls=cores, deterministic=True
        )
    batches = iter(pipeline)

    def run():
        for _ in range(4):
            next(batches)

    return run, 4 * 64


def small_methods(batch: np.ndarray, cores: int) -> dict[str, Method]:
    """Returns the methods that make views of 32 x 32 images."""
    keras_layer = keras.layers.RandAugment(
        value_range=(0, 255), num_ops=2, factor=1.0, seed=0
    )
    cv_layer = keras_cv.layers.RandAugment(
        value_range=(0, 255), augmentations_per_image=2, seed=0
    )
    strong = augment.Chain((augment.cifar_weak, augment.cifar_strong))
    alone = augment.RandAugment(2, 16)
    return {
        "keras_mpl": ours(strong, batch, cores),
        "keras_mpl.augment.RandAugment": ours(alone, batch, cores),
        "pipeline": pipeline(batch),
        "keras.layers.RandAugment": layer(keras_layer, batch, 1),
        "keras_cv.layers.RandAugment": layer(cv_layer, batch, 1),
        "pillow": pillow(batch[:128]),
    }


def large_methods(batch: np.ndarray, cores: int) -> dict[str, Method]:
    """Returns the methods that read images of 224 x 224."""
    files = jpegs(batch)
    return {
        name: large(files, cores, is_whole=is_whole)
        for name, is_whole in (
            ("224: jpeg alone", False),
            ("224: jpeg and both views", True),
        )
    }
