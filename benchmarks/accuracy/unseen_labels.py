"""Trains on digits a teacher that never sees a label, with feedback or not.

    python -m benchmarks.accuracy.unseen_labels tune
    python -m benchmarks.accuracy.unseen_labels test [--seeds 24]

`teacher_labeled_weight=0`: what the teacher knows of the classes it knows by
feedback alone, and the student learns from the teacher alone. Without feedback
nothing tells either the classes; with the credit of another example the teacher
hears as much, and nothing of its own examples.

The feedback is that of Eq. 3, and the teacher has no other loss. `tune` tries
its weight at `TUNED_AT` labels on seeds of its own and records the student's
accuracy on VALIDATION images; `test` takes the best for every number of labels,
and only then looks at test images. Both append one JSON line per run
to `benchmarks/results/unseen_labels.jsonl` and skip what is there.
"""

import statistics
from collections.abc import Iterator
from collections.abc import Sequence
from typing import NamedTuple

from absl import app

import keras_mpl
from benchmarks.accuracy import levers
from benchmarks.common.records import Record
from benchmarks.common.records import append
from benchmarks.common.records import read
from benchmarks.common.reused import Trainer
from benchmarks.common.seed_flags import limit_threads
from benchmarks.common.seed_flags import wanted
from keras_mpl import report

NAME = "unseen_labels"
LABELS = (10, 20, 50, 100)
ROWS = {"feedback": None, "none": None, "shuffled": levers.Shuffled}
TUNED_AT, TUNING_SEEDS = 50, (100, 101)
_AT_ONCE = 8  # seeds of a cell, before the next one
_KEYS = ("stage", "labels", "row", "weight", "seed")

_BUDGET = (
    "baselines=",
    f"train_steps={levers.STEPS}",
    "eval_every_steps=100",
    "student.warmup_steps=50",
    "teacher.warmup_steps=50",
    "method.teacher_labeled_weight=0.0",
)
_KIND = (
    "method.objective=supervised",
    "method.feedback_scale=exact",
    "method.feedback_centering=false",
)
_NOTHING = ("method.feedback=none", "method.feedback_centering=none")
WEIGHTS = (1.0, 5.0, 25.0)


class Run(NamedTuple):
    """What is trained, on seed after seed.

    Attributes:
        labels: Number of labelled images.
        row: One of `ROWS`.
        weight: Of the feedback, one of `WEIGHTS`.
    """

    labels: int
    row: str
    weight: float

    @property
    def settings(self) -> tuple[str, ...]:
        """Overrides of `digits_20`, as `keras-mpl run --set` takes them."""
        batch = min(self.labels, 20)
        told: tuple[str, ...] = (
            *_KIND,
            f"method.feedback_weight={self.weight}",
        )
        if self.row == "none":
            told = (_KIND[0], *_NOTHING)
        return (
            *_BUDGET,
            f"data.num_labeled={self.labels}",
            f"batch_size={batch}",
            f"unlabeled_ratio={80 // batch}",
            *told,
        )


def chosen_weight(records: Sequence[Record]) -> float:
    """Returns the weight whose student did best on validation images.

    Args:
        records: Of all stages.

    Raises:
        SystemExit: If a weight has not been tried on every seed.
    """
    means = {}
    for weight in WEIGHTS:
        settings = list(Run(TUNED_AT, "feedback", weight).settings)
        tried = {
            r["seed"]: r["accuracy"]
            for r in records
            if r["stage"] == "tune" and r["settings"] == settings
        }
        if set(tried) != set(TUNING_SEEDS):
            raise SystemExit(
                f"weight {weight:g} must be tried first: run "
                f"python -m benchmarks.accuracy.{NAME} tune"
            )
        means[weight] = statistics.mean(tried.values())
    return max(sorted(means), key=lambda weight: means[weight])


def plan(
    stage: str, seeds: Sequence[int], records: Sequence[Record]
) -> Iterator[tuple[Run, int]]:
    """Yields what to run, all cells at some seeds before any at the next.

    Args:
        stage: `tune` or `test`.
        seeds: Of the test.
        records: What there is of both stages.
    """
    if stage == "tune":
        for weight in WEIGHTS:
            for seed in TUNING_SEEDS:
                yield Run(TUNED_AT, "feedback", weight), seed
        return
    best = chosen_weight(records)
    for first in range(0, len(seeds), _AT_ONCE):
        for labels in LABELS:
            for row in ROWS:
                for seed in seeds[first : first + _AT_ONCE]:
                    yield Run(labels, row, best), seed


def main(argv: list[str]) -> None:
    """Runs what has no record yet, and records it."""
    [stage] = argv[1:]
    limit_threads()
    part = {"tune": "validation", "test": "test"}[stage]
    records = read(NAME)
    done = {(r["stage"], r["seed"], r["row"], *r["settings"]) for r in records}
    trainers: dict[Run, Trainer] = {}  # the last one: each holds its networks
    for run, seed in plan(stage, wanted(24), records):
        if (stage, seed, run.row, *run.settings) in done:
            continue
        if run not in trainers:
            feedback = ROWS[run.row]
            made = Trainer("digits_20", run.settings, feedback=feedback)
            trainers = {run: made}
        found = trainers[run].run(seed, part)
        keys = dict(zip(_KEYS, (stage, *run, seed), strict=True))
        where = report.environment(keras_mpl.__version__)
        settings = list(run.settings)
        append(NAME, [{**keys, **found, "settings": settings, **where}])
        print(stage, *run, seed, found, flush=True)


if __name__ == "__main__":
    app.run(main)
