"""A small ImageNet on disk, and small sets in memory, by the real names."""

import types

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from keras_mpl import data

CLASSES = 120
SIZE = (36, 44)


def made(folder, name, *, shards, per_shard=40, validation=30):
    """What `data.builder` would return: shards of PNG files of one colour."""
    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(None, None, 3)),
            "label": tfds.features.ClassLabel(num_classes=CLASSES),
            "file_name": tfds.features.Text(),
        }
    )
    splits, number = {}, 0
    sizes = {"train": [per_shard] * shards, "validation": [validation]}
    for split, lengths in sizes.items():
        paths = []
        for shard, length in enumerate(lengths):
            paths.append(str(folder / f"{name}-{split}-{shard}.tfrecord"))
            with tf.io.TFRecordWriter(paths[-1]) as file:
                for place in range(length):
                    label = number % CLASSES
                    example = {
                        "image": np.full((*SIZE, 3), label, np.uint8),
                        "label": label,
                        "file_name": f"ILSVRC2012_val_{place + 1:08d}.JPEG",
                    }
                    file.write(features.serialize_example(example))
                    number += 1
        splits[split] = types.SimpleNamespace(
            filepaths=paths, shard_lengths=lengths
        )
    info = types.SimpleNamespace(features=features, splits=splits)
    return types.SimpleNamespace(name=name, info=info)


def imagenet(folder):
    """Returns what `data.builder` may be replaced by."""
    sets = {
        name: made(folder, name, shards=shards)
        for name, shards in (("imagenet", 4), ("imagenet_10pct", 3))
    }
    return lambda name, *_, **__: sets[name]


def extra(folder):
    """Writes TFRecord files as TF-Slim names things; returns their pattern."""
    for shard in range(2):
        path = str(folder / f"extra-{shard}")
        with tf.io.TFRecordWriter(path) as file:
            for value in range(20):
                pixels = np.full((*SIZE, 3), 10 * value, np.uint8)
                png = tf.io.encode_png(pixels).numpy()
                bytes_list = tf.train.BytesList(value=[png])
                feature = {
                    "image/encoded": tf.train.Feature(bytes_list=bytes_list)
                }
                example = tf.train.Example(
                    features=tf.train.Features(feature=feature)
                )
                file.write(example.SerializeToString())
    return str(folder / "extra-*")


def arrays(name, *_, **__):
    """What `data.load` may be replaced by: noise, ten classes, in memory."""
    rng = np.random.default_rng(0)
    count = 300 if name == "svhn" else 200
    images = rng.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    return data.catalog.Arrays(
        images=images,
        labels=np.arange(200, dtype=np.int32) % 10,
        test_images=images[:20],
        test_labels=np.arange(20, dtype=np.int32) % 10,
        class_names=tuple("0123456789"),
    )
