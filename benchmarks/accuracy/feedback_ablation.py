"""Measures what the feedback is worth: every kind, with controls, by seed.

    python -m benchmarks.accuracy.feedback_ablation tune
    python -m benchmarks.accuracy.feedback_ablation test --seeds 24
    python -m benchmarks.accuracy.feedback_ablation test --labels 50 --rows soft
    python -m benchmarks.accuracy.feedback_ablation test --objective uda

`--objective` says what the teacher learns beside the feedback: `supervised`,
the labels alone, where all that it hears of the other images is feedback, or
`uda`, the consistency of the paper's method too.

`tune` tries each row's weights on seeds of its own and records the accuracy
on VALIDATION images; `test` takes each row's best weight from those records
and only then looks at test images. Both append one JSON line per run to
`benchmarks/results/ablation.jsonl` and skip what is there, so a killed run
goes on where it was, and two processes may share the seeds (`--first_seed`).
`ablation_rows.py` has the rows; `render.py` makes table and plot.
"""

import statistics
from collections.abc import Sequence

from absl import app
from absl import flags

import keras_mpl
from benchmarks.accuracy.ablation_rows import ROWS
from benchmarks.accuracy.ablation_rows import WITHOUT_TEACHER
from benchmarks.accuracy.levers import STEPS
from benchmarks.common.records import Record
from benchmarks.common.records import append
from benchmarks.common.records import read
from benchmarks.common.reused import Trainer
from benchmarks.common.seed_flags import ROWS as ONLY
from benchmarks.common.seed_flags import limit_threads
from benchmarks.common.seed_flags import wanted
from keras_mpl import report

NAME = "ablation"
TUNING_SEEDS = range(100, 104)

BUDGET = (f"train_steps={STEPS}", "eval_every_steps=100", "baselines=")
SHARED = (*BUDGET, "student.warmup_steps=50", "teacher.warmup_steps=50")


def overrides(
    name: str, labels: int, objective: str, weight: float | None = None
) -> tuple[str, ...]:
    """Returns the settings of a row, as `keras-mpl run --set` takes them.

    Args:
        name: Of the row.
        labels: Number of labels.
        objective: What the teacher learns beside the feedback.
        weight: Of the feedback; the recipe's own if not given.
    """
    batch = min(labels, 20)
    chosen: tuple[str, ...] = ()
    if weight is not None:
        chosen = (f"method.feedback_weight={weight}",)
    shared = list(SHARED)
    if name in ("supervised", "uda"):
        shared = [item for item in shared if not item.startswith("teacher.")]
    if name not in WITHOUT_TEACHER:
        chosen = (f"method.objective={objective}", *chosen)
    return (
        *shared,
        f"data.num_labeled={labels}",
        f"batch_size={batch}",
        f"unlabeled_ratio={80 // batch}",
        *ROWS[name].settings,
        *chosen,
    )


def trainer(name, labels, objective, weight=None):
    """Makes what trains a row on seed after seed."""
    settings = overrides(name, labels, objective, weight)
    row = ROWS[name]
    return Trainer(
        row.recipe,
        settings,
        feedback=row.feedback,
        batches=row.batches,
        model=row.model,
    )


def chosen_weight(
    name: str,
    labels: int,
    objective: str,
    records: Sequence[Record] | None = None,
) -> float:
    """Returns the weight that did best on the tuning seeds' validation images.

    It is the smaller one of two that did as well.

    Args:
        name: Of the row.
        labels: Number of labels.
        objective: What the teacher learns beside the feedback.
        records: Are read if not given.

    Raises:
        SystemExit: If a weight has not been tried on every seed.
    """
    like = ROWS[name].like or name
    tried: dict[float, dict[int, float]] = {w: {} for w in ROWS[like].weights}
    for record in read(NAME) if records is None else records:
        kind, weight = (record["stage"], record["row"]), record["weight"]
        if kind == ("tune", like) and weight in tried:
            today = overrides(like, labels, objective, weight)
            if record["settings"] == list(today):
                tried[weight][record["seed"]] = record["accuracy"]
    missing = [w for w, by in tried.items() if set(by) != set(TUNING_SEEDS)]
    if missing:
        raise SystemExit(
            f"{like} must be tuned first, at weights {missing}: run "
            "python -m benchmarks.accuracy.feedback_ablation tune "
            f"--labels {labels} "
            f"--objective {objective} --rows {like}"
        )
    means = {w: statistics.mean(by.values()) for w, by in tried.items()}
    return max(sorted(means), key=lambda weight: means[weight])


def plan(stage, labels, objective, names):
    """Yields what to run: row, objective, weight."""
    for name in names:
        row = ROWS[name]
        if stage == "tune":
            for weight in row.weights:
                yield name, objective, weight
        elif row.weights or row.like:
            yield name, objective, chosen_weight(name, labels, objective)
        else:
            own = "" if name in WITHOUT_TEACHER else objective
            yield name, own, None


def execute(stage, labels, objective, names, seed_range):
    """Runs what has no record yet, and records it."""
    part = {"tune": "validation", "test": "test"}[stage]
    for name, own, weight in plan(stage, labels, objective, names):
        made = trainer(name, labels, own, weight)
        for seed in seed_range:
            shared = {"stage": stage, "labels": labels, "row": name}
            shared |= {"objective": own, "weight": weight, "seed": seed}
            if (*shared.values(), *made.settings) in done():
                continue
            found = made.run(seed, part)
            where = report.environment(keras_mpl.__version__)
            settings = list(made.settings)
            append(NAME, [{**shared, **found, "settings": settings, **where}])
            print(*shared.values(), found, flush=True)


def done():
    """Returns the runs that have a record, as `execute` asks for them."""
    keys = ("stage", "labels", "row", "objective", "weight", "seed")
    return {(*(r[key] for key in keys), *r["settings"]) for r in read(NAME)}


def main(argv: list[str]) -> None:
    """Reads the flags and runs."""
    [stage] = argv[1:]
    names = ONLY.value or [
        name for name, row in ROWS.items() if stage == "test" or row.weights
    ]
    seeds_of = {"tune": lambda: TUNING_SEEDS, "test": lambda: wanted(24)}
    limit_threads()
    chosen = seeds_of[stage]()
    execute(stage, _LABELS.value, _OBJECTIVE.value, names, chosen)


_LABELS = flags.DEFINE_integer("labels", 20, "Labelled images.")
_OBJECTIVE = flags.DEFINE_enum(
    "objective",
    "supervised",
    ["supervised", "uda"],
    "What the teacher learns beside the feedback.",
)

if __name__ == "__main__":
    app.run(main)
