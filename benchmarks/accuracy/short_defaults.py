"""Measures the defaults of Meta Pseudo Labels in short trainings.

    python -m benchmarks.accuracy.short_defaults [--sets topics] [--rows now]
        [--lengths 100,300] [--seeds 4] [--data_dir DIR]

Each row trains on each set for each length and is measured on VALIDATION
examples; the test examples are not read. Labels alone and Meta Pseudo Labels
have as many steps, and one rate. It appends one JSON line per run to
`benchmarks/results/short_defaults.jsonl` and skips what is there; `render.py`
makes the table. Today's defaults were chosen on seeds 200 to 215 of 100 and 300
steps, and after what seeds 300 to 315 said of the table; the runs of seeds from
400 on chose nothing.
"""

import pathlib
import time
from collections.abc import Iterator
from typing import NamedTuple

from absl import app
from absl import flags
from PIL import Image

import keras_mpl
from benchmarks.common.data_flag import DATA_DIR
from benchmarks.common.records import append
from benchmarks.common.records import read
from benchmarks.common.reused import Trainer
from benchmarks.common.seed_flags import ROWS as WANTED
from benchmarks.common.seed_flags import SETS as ONLY
from benchmarks.common.seed_flags import limit_threads
from benchmarks.common.seed_flags import wanted
from keras_mpl import data
from keras_mpl import report

NAME = "short_defaults"

_LENGTHS = flags.DEFINE_list("lengths", ["100"], "Steps of a training.")
_PHOTOS = flags.DEFINE_string(
    "photos", "runs/short_defaults", "Where CIFAR-10 is written as files."
)
# Of which images of a class the files of each part are.
_IMAGES = {
    "labeled": ("train", slice(0, 50)),
    "unlabeled": ("train", slice(50, 250)),
    "validation": ("test", slice(0, 100)),
    "test": ("test", slice(100, 101)),
}


class Set(NamedTuple):
    """A set of examples.

    Attributes:
        recipe: Has the data, the views and the network.
        settings: What is different from it.
        strong: Its strong view, for labels alone.
    """

    recipe: str
    settings: tuple[str, ...]
    strong: str


SETS = {
    "digits": Set(
        "digits_20",
        (
            "data.num_labeled=100",
            "data.num_validation=600",
            "data.num_test=100",
            "unlabeled_ratio=3",
        ),
        "digits_strong",
    ),
    "cifar10": Set(
        "folder",
        (
            "data.image_size=16",
            "model.network=wrn_10_1",
            "batch_size=16",
            "unlabeled_ratio=3",
        ),
        "cifar_strong",
    ),
    "topics": Set("topics_20", ("data.num_validation=600",), "text_strong"),
    "breast_cancer": Set(
        "breast_cancer_10",
        ("data.num_validation=250", "data.num_test=50"),
        "table_strong",
    ),
}

_SHARED = (
    "method=mpl",
    "method.feedback_weight=none",
    "method.feedback_centering=none",
    "method.consistency_ramp_steps=0",
)
_BEFORE = (
    *_SHARED,
    "method.consistency_weight=8",
    "method.temperature=0.7",
    "method.confidence_threshold=0.6",
    "method.threshold_on=sharpened",
)
_OF_UDA = (
    *_SHARED,
    "method.consistency_weight=1",
    "method.temperature=0.4",
    "method.confidence_threshold=0.8",
    "method.threshold_on=raw",
)
_NO_LABELS = "method.student_labeled_weight=0"
_LABELS = "method.student_labeled_weight=1"
_NO_FLOOR = "method.labeled_floor=0"
_ALIKE = (
    "method.pseudo_label_weighting=equal",
    "method.student_statistics=all",
    _NO_FLOOR,
)
_BY_CONFIDENCE = (
    *_OF_UDA,
    _LABELS,
    "method.pseudo_label_weighting=none",
    "method.student_statistics=none",
)
_NOW = (*_BY_CONFIDENCE, "method.labeled_floor=none")
ROWS = {
    "supervised": ("method=supervised",),
    "supervised_strong": ("method=supervised", "views.weak={strong}"),
    "uda": ("method=uda",),
    "before": (*_BEFORE, _NO_LABELS, *_ALIKE),
    "before_labels": (*_BEFORE, _LABELS, *_ALIKE),
    "uda_no_labels": (*_OF_UDA, _NO_LABELS, *_ALIKE),
    "alike": (*_OF_UDA, _LABELS, *_ALIKE),
    "no_floor": (*_BY_CONFIDENCE, _NO_FLOOR),
    "now": _NOW,
    "folder": (*_NOW, "method.feedback_schedule=linear"),
    "none": (*_NOW, "method.feedback=none"),
}


def settings(name: str, row: str, steps: int) -> tuple[str, ...]:
    """Returns what a run changes in its recipe, as `--set` takes it.

    Args:
        name: A key of `SETS`.
        row: A key of `ROWS`.
        steps: Length of the training; a tenth of it is warm-up.
    """
    own = SETS[name]
    of_row = [item.format(strong=own.strong) for item in ROWS[row]]
    has_teacher = of_row[0] == "method=mpl"
    return (
        "baselines=",
        *own.settings,
        *of_row,
        f"train_steps={steps}",
        f"eval_every_steps={steps}",
        "student.warmup_steps=none",
        "student.peak_lr=0.05",
        *(("teacher.warmup_steps=none",) if has_teacher else ()),
        "method.ramp_statistics=true",
    )


def places(name: str) -> tuple[str, ...]:
    """Returns where the files of a set lie, which does not change a run."""
    if SETS[name].recipe != "folder":
        return ()
    root = pathlib.Path(_PHOTOS.value)
    if not root.exists():
        _write_photos(root)
    return tuple(f"data.{part}={root / part}" for part in _IMAGES)


def _write_photos(root: pathlib.Path) -> None:
    """Writes a part of CIFAR-10 as files, a folder per class."""
    found = data.load("cifar10", DATA_DIR.value)
    for label, name in enumerate(found.class_names):
        images = {
            "train": found.images[found.labels == label],
            "test": found.test_images[found.test_labels == label],
        }
        for part, (split, rows) in _IMAGES.items():
            folder = root / part / ("" if part == "unlabeled" else name)
            folder.mkdir(parents=True, exist_ok=True)
            for number, image in enumerate(images[split][rows]):
                Image.fromarray(image).save(folder / f"{name}{number}.png")


def plan() -> Iterator[tuple[str, str, int]]:
    """Yields what to run: set, row, steps."""
    for steps in map(int, _LENGTHS.value):
        for name in ONLY.value or SETS:
            for row in WANTED.value or ROWS:
                yield name, row, steps


def main(argv: list[str]) -> None:
    """Runs what has no record yet, and records it."""
    del argv
    limit_threads()
    for name, row, steps in plan():
        chosen = settings(name, row, steps)
        done = {(*r["settings"], r["set"], r["seed"]) for r in read(NAME)}
        trainer = Trainer(SETS[name].recipe, [*chosen, *places(name)])
        for seed in wanted(4):
            if (*chosen, name, seed) in done:
                continue
            began = time.process_time()
            found = trainer.run(seed, "validation")
            record = {
                "set": name,
                "row": row,
                "steps": steps,
                "seed": seed,
                **found,
                "cpu_seconds": round(time.process_time() - began, 1),
                "settings": list(chosen),
                **report.environment(keras_mpl.__version__),
            }
            append(NAME, [record])
            print(name, row, steps, seed, found, flush=True)


if __name__ == "__main__":
    app.run(main)
