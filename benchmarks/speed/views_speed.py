"""Times strong views of one batch: ours, Keras', keras-cv's and Pillow's.

    python -m benchmarks.speed.views_speed --data_dir DIR

All methods run in one process, in turns, on two cores; the best of several
repeats counts. The view is the paper's: flip, pad-crop, RandAugment(2, 16),
cutout, flip, pad-crop; `keras.layers.RandAugment` and keras-cv's do RandAugment
alone. At 224 x 224: ImageNet's views from JPEG files, and the share of the time
that decoding takes. It appends a JSON line to
`benchmarks/results/views_speed.jsonl`.
"""

import json
import os
import time
from collections.abc import Callable
from collections.abc import Mapping

import numpy as np
from absl import app
from absl import flags

from benchmarks.common.records import append

NAME = "views_speed"

_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "Folder of CIFAR-10 for tfds; noise if not given."
)
_REPEATS = flags.DEFINE_integer("repeats", 5, "Turns of each method.")
_CORES = flags.DEFINE_integer("cores", 2, "Cores to run on.")
_BATCH = flags.DEFINE_integer("batch", 896, "Images per batch: 7 x 128.")


def images(count: int) -> tuple[np.ndarray, str]:
    """Returns 32 x 32 images, of CIFAR-10 or noise, and which of them."""
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


def in_turns(
    methods: Mapping[str, tuple[Callable[[], None], int]],
) -> dict[str, dict[str, int]]:
    """Returns images per second of each method: the best, and the median."""
    rates: dict[str, list[float]] = {name: [] for name in methods}
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


def main(argv: list[str]) -> None:
    """Measures, prints and records."""
    del argv
    cores = sorted(os.sched_getaffinity(0))[: _CORES.value]
    os.sched_setaffinity(0, cores)
    import keras_mpl  # TensorFlow counts the cores that it may use
    from benchmarks.speed import view_methods
    from keras_mpl import report

    batch, source = images(_BATCH.value)
    rates = in_turns(view_methods.small_methods(batch, len(cores)))
    rates |= in_turns(view_methods.large_methods(batch, len(cores)))

    def ratio(name, other, digits):
        return round(rates[name]["best"] / rates[other]["best"], digits)

    theirs = "keras.layers.RandAugment"
    record = {
        "benchmark": "strong view, images per second",
        "images": source,
        "cores": len(cores),
        "load_average": round(os.getloadavg()[0], 1),
        "repeats": _REPEATS.value,
        "rates": rates,
        "times_keras": ratio("keras_mpl", theirs, 1),
        "times_keras_alone": ratio("keras_mpl.augment.RandAugment", theirs, 1),
        "share_of_jpeg_at_224": ratio(
            "224: jpeg and both views", "224: jpeg alone", 2
        ),
        **report.environment(keras_mpl.__version__),
    }
    print(json.dumps(record, indent=2))
    append(NAME, [record])


if __name__ == "__main__":
    app.run(main)
