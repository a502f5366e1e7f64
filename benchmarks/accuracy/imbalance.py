"""Measures class weights and distribution alignment on rare classes.

    python -m benchmarks.accuracy.imbalance [--seeds 8] [--cores 1]

Digits of which the most frequent class has 30 labels and the rarest 3, and the
unlabelled ones likewise. Which class is rare is drawn by the seed. The
validation images, which are what is measured, are balanced: their accuracy is
the balanced accuracy. Nothing is chosen by it. It appends one JSON line per run
to `benchmarks/results/imbalance.jsonl` and skips what is there;
`benchmarks.tables.render` makes the table.
"""

import numpy as np
from absl import app

import keras_mpl
from benchmarks.common.records import append
from benchmarks.common.records import read
from benchmarks.common.reused import Trainer
from benchmarks.common.seed_flags import limit_threads
from benchmarks.common.seed_flags import wanted
from keras_mpl import data
from keras_mpl import report
from keras_mpl.runner.building import lookup

NAME = "imbalance"
FIRST_SEED = 400
RATIO = 10  # labels of the most frequent class for one of the rarest

_SHARED = (
    "baselines=",
    "train_steps=300",
    "eval_every_steps=300",
    "student.warmup_steps=30",
    "student.peak_lr=0.05",
    "data.num_labeled=300",
    "data.num_validation=600",
    "data.num_test=100",
    "unlabeled_ratio=3",
)
# As the defaults of `MetaPseudoLabels` are, which `folder` has.
_MPL = (
    "method=mpl",
    "teacher.warmup_steps=30",
    "method.feedback_weight=none",
    "method.feedback_centering=none",
    "method.consistency_weight=1",
    "method.consistency_ramp_steps=0",
    "method.temperature=0.4",
    "method.confidence_threshold=0.8",
    "method.threshold_on=raw",
    "method.student_labeled_weight=1",
)
METHODS: dict[str, tuple[str, ...]] = {
    "supervised": ("method=supervised",),
    "uda": ("method=uda",),
    "mpl": _MPL,
}
OPTIONS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "weights": ("method.class_weights=balanced",),
    "alignment": ("method.align_distribution=true",),
    "both": (
        "method.class_weights=balanced",
        "method.align_distribution=true",
    ),
}


def rows():
    """Yields a row's method, option and settings, as `--set` takes them."""
    for method, own in METHODS.items():
        for option, added in OPTIONS.items():
            if method != "supervised" or option in ("plain", "weights"):
                statistics = "method.ramp_statistics=true"
                yield method, option, (*_SHARED, *own, statistics, *added)


def long_tailed(labels: np.ndarray, seed: int) -> np.ndarray:
    """Returns which examples stay, so that a class is rarer than the last.

    Args:
        labels: Class of each example, as many of each class but for a few.
        seed: Of the order of the classes.

    Returns:
        Rows, in their order. The number of examples of the classes falls
        geometrically, to `1 / RATIO` of the first.
    """
    classes = np.unique(labels)
    order = np.random.default_rng(seed).permutation(classes)
    most = np.bincount(labels).min()
    stay = []
    for rank, label in enumerate(order):
        count = round(most * RATIO ** (-rank / (len(classes) - 1)))
        stay += [*np.flatnonzero(labels == label)[:count]]
    return np.sort(stay)


def batches(recipe, loaded, seed):
    """Returns the recipe's batches, of long-tailed sets."""
    (inputs, labels), unlabeled = loaded.training_sets()
    rows = long_tailed(labels, seed)
    # Their labels make the set; no method sees them.
    others = long_tailed(loaded.raw("unlabeled")[1], seed)
    return data.pair(
        (inputs[rows], labels[rows]),
        unlabeled[others],
        weak=lookup.view("weak", recipe.views.weak),
        strong=lookup.view("strong", recipe.views.strong),
        finish=loaded.finish,
        batch_size=recipe.batch_size,
        unlabeled_ratio=recipe.unlabeled_ratio,
        seed=seed,
    )


def main(argv: list[str]) -> None:
    """Runs what has no record yet, and records it."""
    del argv
    limit_threads()
    done = {(r["method"], r["option"], r["seed"]) for r in read(NAME)}
    for method, option, settings in rows():
        trainer = Trainer("digits_20", settings, batches=batches)
        for number in wanted(8):
            seed = FIRST_SEED + number
            if (method, option, seed) in done:
                continue
            found = trainer.run(seed, "validation")
            where = report.environment(keras_mpl.__version__)
            keys = {"method": method, "option": option, "seed": seed}
            append(NAME, [{**keys, **found, **where}])
            print(*keys.values(), found, flush=True)


if __name__ == "__main__":
    app.run(main)
