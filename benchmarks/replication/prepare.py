"""Writes what the JAX rows read: images, splits, first weights, look-up tables.

    python -m benchmarks.replication.prepare --data_dir=DIR --to=FOLDER

Everything that a recipe settles before its first step comes from the recipe, so
that both implementations begin alike: which images have labels, what is held
out, the networks' first weights, and RandAugment's tables at its levels.
Images are stored without loss, a thousand to a file of a few MB, and the
programs that need no TensorFlow lie beside them: FOLDER is complete, and can
travel in parts to a machine that has a GPU and JAX, and no network.
"""

import json
import pathlib
import shutil

import keras
import numpy as np
from absl import app
from absl import flags
from PIL import Image

import benchmarks
from benchmarks.accuracy.length_rows import ROWS
from benchmarks.common.data_flag import DATA_DIR
from benchmarks.replication.arrays import ARRAYS
from benchmarks.replication.arrays import ORIGIN
from benchmarks.replication.arrays import PER_FILE
from benchmarks.replication.arrays import mosaic
from keras_mpl import recipes
from keras_mpl.augment import RandAugment
from keras_mpl.augment import operations
from keras_mpl.report.folder import code_version
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import datasets

SEEDS = (0, 1, 2, 3, 4, 100)  # the last one chooses a weight
SIDE = 32
PROGRAMS = {
    "common": ("claims",),
    "replication": (
        *("__init__", "arrays", "methods", "network"),
        *("run", "training", "views"),
    ),
}

_TO = flags.DEFINE_string("to", None, "New folder of what is written.")


def tables(policy: RandAugment) -> dict[str, np.ndarray]:
    """What RandAugment's operations do to pixels, from the package's tables.

    Args:
        policy: The policy; its order of operations is that of the tables.

    Returns:
        `tones`, a look-up table per operation, `(operations, 256)`, the
        identity where it changes no tones; `positions`, where the pixels of a
        geometric operation come from, by sign, `(operations, 2, pixels)`, -1
        outside; `contrast`, a look-up table per mean luma, `(256, 256)`; and
        `levels`, `(operations,)`.
    """
    names = policy.operations
    levels = np.array([policy.level(name, SIDE) for name in names])
    tones = np.tile(np.arange(256, dtype=np.uint8), (len(names), 1))
    still = np.arange(SIDE * SIDE, dtype=np.int32)
    positions = np.tile(still, (len(names), 2, 1))
    for row, (name, level) in enumerate(zip(names, levels, strict=True)):
        if name in operations.FIXED_TONES:
            tones[row] = operations.tone_table(name, level)
        if name in operations.GEOMETRIC:
            for sign in (0, 1):
                positions[row, sign] = operations.source_positions(
                    name, -level if sign else level, SIDE, SIDE
                )
    contrast = operations.contrast_tables(levels[names.index("contrast")])
    return {
        "tones": tones,
        "positions": positions,
        "contrast": contrast,
        "levels": levels.astype(np.float32),
    }


def weights(network: keras.Model) -> dict[str, np.ndarray]:
    """A network's variables by layer and name, such as `logits/bias`."""
    return {
        "/".join(v.path.split("/")[-2:]): np.asarray(v)
        for v in network.variables
    }


def write_programs(folder: pathlib.Path) -> None:
    """Writes what trains, so that `benchmarks.replication.run` runs there.

    Beside it `ORIGIN` says of which commit it is.
    """
    own = pathlib.Path(benchmarks.__file__).parent
    target = folder / own.name
    for package in ("", *PROGRAMS):
        (target / package).mkdir(parents=True, exist_ok=True)
        (target / package / "__init__.py").touch()  # no other one is taken
    for package, names in PROGRAMS.items():
        for name in names:
            shutil.copy(own / package / f"{name}.py", target / package)
    (folder / ORIGIN).write_text(json.dumps(code_version(own)) + "\n")


def write_images(images: np.ndarray, folder: pathlib.Path, name: str) -> None:
    """Writes images, a thousand to a file, without loss."""
    for number, start in enumerate(range(0, len(images), PER_FILE)):
        tiles = Image.fromarray(mosaic(images[start : start + PER_FILE]))
        path = folder / f"{name}_{number:02d}.webp"
        tiles.save(path, "WEBP", lossless=True, quality=50, method=4)


def main(argv: list[str]) -> None:
    """Writes the folder."""
    del argv
    folder = pathlib.Path(_TO.value)
    if folder.exists():
        raise app.UsageError(f"--to must be a new folder. Received: {folder}")
    kept: dict[str, np.ndarray] = {}
    for seed in SEEDS:
        recipe = recipes.override(ROWS["exact"], [f"data.dir={DATA_DIR.value}"])
        loaded = datasets.in_memory(datasets.load(recipe, seed))
        keras.utils.set_random_seed(seed)  # as `runner` builds its networks
        for name in ("student", "teacher"):
            network = assembly.network(recipe, loaded)
            kept |= {
                f"{seed}/{name}/{key}": value
                for key, value in weights(network).items()
            }
        for part in ("labeled", "unlabeled", "validation"):
            kept[f"{seed}/{part}"] = getattr(loaded.split, part)
    kept |= {"labels": loaded.labels, "test_labels": loaded.raw("test")[1]}
    kept |= tables(RandAugment(2, 16))
    folder.mkdir(parents=True)
    write_programs(folder)
    np.savez_compressed(folder / ARRAYS, allow_pickle=False, **kept)
    write_images(loaded.images, folder, "train")
    write_images(loaded.raw("test")[0], folder, "test")


if __name__ == "__main__":
    flags.mark_flags_as_required(["data_dir", "to"])
    app.run(main)
