"""Times strong views of one batch: ours, Keras', keras-cv's and Pillow's.

    python -m benchmarks.speed.views_speed --data_dir DIR

All in one process, in turns, best of several repeats, on two cores. The view
is the paper's: flip, pad-crop, RandAugment(2, 16), cutout, flip, pad-crop;
`keras.layers.RandAugment` and keras-cv's do RandAugment alone. At 224 x 224:
ImageNet's views from JPEG files, and the share of the time that decoding
takes. Appends one JSON line to `benchmarks/results/views_speed.jsonl`.
"""

import json
import os
import time

from absl import app
from absl import flags

from benchmarks.common import folders

RESULTS = folders.RESULTS / "views_speed.jsonl"

_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "Folder of CIFAR-10 for tfds; noise if not given."
)
_REPEATS = flags.DEFINE_integer("repeats", 5, "Turns of each method.")
_CORES = flags.DEFINE_integer("cores", 2, "Cores to run on.")
_BATCH = flags.DEFINE_integer("batch", 896, "Images per batch: 7 x 128.")


def images(count):
    """Returns 32 x 32 images, of CIFAR-10 or noise, and which of them."""
    import numpy as np

    if _DATA_DIR.value is None:
        rng = np.random.default_rng(0)
        noise = rng.integers(0, 256, (count, 32, 32, 3)).astype(np.uint8)
        return noise, "noise"
    import tensorflow_datasets as tfds

    data = tfds.load(
        "cifar10", split="train", data_dir=_DATA_DIR.value, download=False
    )
    batch = next(data.batch(count).as_numpy_iterator())
    return batch["image"], "cifar10"


def ours(view, batch):
    """Returns a call that makes 128 views of a batch, and their size.

    So many, because up to 4 lie ready from while the others had their turn.
    """
    import tensorflow as tf

    counter = tf.data.Dataset.counter()
    views = iter(
        counter.map(
            lambda step: view(batch, tf.stack([0, tf.cast(step, tf.int32)])),
            num_parallel_calls=_CORES.value,
            deterministic=True,
        ).prefetch(2)
    )

    def run():
        for _ in range(128):
            next(views)

    return run, 128 * len(batch)


def layer(made, batch, batches):
    """Returns a call that runs a Keras layer in a graph, and its size."""
    import tensorflow as tf

    graph = tf.function(lambda inputs: made(inputs, training=True))
    inputs = tf.cast(batch, tf.float32)

    def run():
        for _ in range(batches):
            graph(inputs).numpy()

    return run, batches * len(batch)


def pillow(batch):
    """Returns a call that makes the whole view by Pillow, one core."""
    import numpy as np

    from keras_mpl import augment
    from tests.augment import oracles

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


def jpegs(batch, count=64):
    """Returns JPEG files of 500 x 375, made of enlarged images."""
    import io

    from PIL import Image

    files = []
    for image in batch[:count]:
        large = Image.fromarray(image).resize((500, 375), Image.BICUBIC)
        file = io.BytesIO()
        large.save(file, "JPEG", quality=90)
        files.append(file.getvalue())
    return files


def large(files, *, is_whole):
    """Returns a call that decodes, and if `is_whole` augments, 224 x 224."""
    import tensorflow as tf

    from keras_mpl import augment
    from keras_mpl.data import decode

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
        read, num_parallel_calls=_CORES.value, deterministic=True
    ).batch(64, drop_remainder=True)
    if is_whole:
        pipeline = tf.data.Dataset.zip(tf.data.Dataset.counter(), pipeline).map(
            views, num_parallel_calls=_CORES.value, deterministic=True
        )
    batches = iter(pipeline)

    def run():
        for _ in range(4):
            next(batches)

    return run, 4 * 64


def in_turns(methods):
    """Returns images per second of each method, best of the repeats."""
    rates = {name: [] for name in methods}
    for run, _ in methods.values():
        run()  # traces
    for _ in range(_REPEATS.value):
        for name, (run, size) in methods.items():
            start = time.perf_counter()
            run()
            rates[name].append(size / (time.perf_counter() - start))
    return {
        name: {"best": round(max(r)), "median": round(sorted(r)[len(r) // 2])}
        for name, r in rates.items()
    }


def main(argv):
    """Measures, prints and records."""
    del argv
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    cores = sorted(os.sched_getaffinity(0))[: _CORES.value]
    os.sched_setaffinity(0, cores)
    import keras
    import keras_cv

    import keras_mpl
    from keras_mpl import augment
    from keras_mpl import report

    batch, source = images(_BATCH.value)
    small = batch[:128]
    keras_layer = keras.layers.RandAugment(
        value_range=(0, 255), num_ops=2, factor=1.0, seed=0
    )
    cv_layer = keras_cv.layers.RandAugment(
        value_range=(0, 255), augmentations_per_image=2, seed=0
    )
    strong = augment.Chain((augment.cifar_weak, augment.cifar_strong))
    rates = in_turns(
        {
            "keras_mpl": ours(strong, batch),
            "keras_mpl.augment.RandAugment": ours(
                augment.RandAugment(2, 16), batch
            ),
            "keras.layers.RandAugment": layer(keras_layer, batch, 1),
            "keras_cv.layers.RandAugment": layer(cv_layer, batch, 1),
            "pillow": pillow(small),
        }
    )
    files = jpegs(batch)
    rates |= in_turns(
        {
            "224: jpeg alone": large(files, is_whole=False),
            "224: jpeg and both views": large(files, is_whole=True),
        }
    )

    def times(name):
        theirs = rates["keras.layers.RandAugment"]["best"]
        return round(rates[name]["best"] / theirs, 1)

    decode = rates["224: jpeg alone"]["best"]
    whole = rates["224: jpeg and both views"]["best"]
    record = {
        "benchmark": "strong view, images per second",
        "images": source,
        "cores": len(cores),
        "load_average": round(os.getloadavg()[0], 1),
        "repeats": _REPEATS.value,
        "rates": rates,
        "times_keras": times("keras_mpl"),
        "times_keras_alone": times("keras_mpl.augment.RandAugment"),
        "share_of_jpeg_at_224": round(whole / decode, 2),
        **report.environment(keras_mpl.__version__),
    }
    print(json.dumps(record, indent=2))
    with RESULTS.open("a") as file:
        file.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    app.run(main)
