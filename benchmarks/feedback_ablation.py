"""What is the feedback worth? Every kind, with controls, paired by seed.

    python benchmarks/feedback_ablation.py tune
    python benchmarks/feedback_ablation.py test --seeds 24
    python benchmarks/feedback_ablation.py test --labels 50 --rows none,soft
    python benchmarks/feedback_ablation.py test --objective uda

`--objective` says what the teacher learns beside the feedback: `supervised`,
the labels alone, where all that it hears of the other images is feedback, or
`uda`, the consistency of the paper's method too.

`tune` tries each row's weights on seeds of its own and records the accuracy
on VALIDATION images; `test` takes each row's best weight from those records
and only then looks at test images. Both append one JSON line per run to
`benchmarks/results/ablation.jsonl` and skip what is there, so a killed run
goes on where it was, and two processes may share the seeds (`--first_seed`).
`benchmarks/render.py` makes table and plot.
"""

import dataclasses
import statistics

import tensorflow as tf
from absl import app
from absl import flags
from records import append
from records import read
from reused import Trainer
from seed_flags import ROWS as ONLY
from seed_flags import limit_threads
from seed_flags import wanted

import keras_mpl
from keras_mpl import report
from keras_mpl import seeds
from keras_mpl.seeds import Site

NAME = "ablation"
TUNING_SEEDS = range(100, 104)

# Shorter than `digits_20`, so that hundreds of runs fit into an hour.
STEPS = 300
BUDGET = (f"train_steps={STEPS}", "eval_every_steps=100", "baselines=")
SHARED = (*BUDGET, "student.warmup_steps=50", "teacher.warmup_steps=50")


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        recipe: What it is a variant of.
        settings: Overrides of that recipe.
        weights: Values of `feedback_weight` to choose from; none to choose
            for a row without feedback.
        is_control: Whether it is to show what feedback must not do.
        like: Row whose weight it takes, where it has none of its own.
    """

    recipe: str
    settings: tuple = ()
    weights: tuple = ()
    is_control: bool = False
    like: str = ""


def _kind(feedback, scale, weights, is_centered=False):
    settings = (
        f"feedback={feedback}",
        f"feedback_scale={scale}",
        f"feedback_centering={str(is_centered).lower()}",
    )
    return Row("digits_20", settings, weights)


_PER_EXAMPLE, _EXACT = (0.3, 1.0, 3.0), (1.0, 5.0, 25.0)
_PER_BATCH = (0.003, 0.01, 0.03)  # its loss is a sum over the batch
ROWS = {
    # The recipe's rate is one for 500 steps; of .01, .02, .05 and .1 this is
    # the best on validation, seeds 100 to 103, at 300.
    "supervised": Row("digits_20_supervised", ("student.peak_lr=0.05",)),
    "pseudo_label": Row(
        "digits_20_pseudo_label",
        ("pretrain_steps=300", "teacher.peak_lr=0.05", "labeled_weight=1.0"),
    ),
    "uda": Row("digits_20_uda"),
    "none": Row("digits_20_none"),
    # What the sampled kinds are to be compared with: samples, and no feedback.
    "none_sampled": _kind("hard", "cosine", ()),
    # Whether it is their being sharp that makes samples better to learn from.
    "none_argmax": Row("digits_20_none"),
    "soft": _kind("soft", "cosine", _PER_EXAMPLE),
    "soft_centered": _kind("soft", "cosine", _PER_EXAMPLE, True),
    "soft_exact": _kind("soft", "exact", _EXACT),
    "soft_exact_centered": _kind("soft", "exact", _EXACT, True),
    "hard": _kind("hard", "cosine", _PER_EXAMPLE),
    "hard_exact": _kind("hard", "exact", _EXACT),
    "hard_expected": _kind("hard_expected", "cosine", _PER_EXAMPLE),
    "hard_expected_exact": _kind("hard_expected", "exact", _EXACT),
    "hard_batch": _kind("hard_batch", "cosine", _PER_BATCH),
    "hard_batch_exact": _kind("hard_batch", "exact", (0.03, 0.1, 0.3)),
    "finite_difference": _kind("finite_difference", "exact", (0.03, 0.1, 0.3)),
}
# Levers on the default: when the feedback counts, and where its scale ends.
for _name in ("rising", "falling"):
    ROWS[f"soft_centered_{_name}"] = ROWS["soft_centered"]
for _floor in (0.0, 0.2):
    _of_soft = ROWS["soft_centered"]
    ROWS[f"soft_centered_floor_{_floor}"] = dataclasses.replace(
        _of_soft,
        settings=(*_of_soft.settings, f"cosine_floor={_floor}"),
        weights=(),
        like="soft_centered",
    )
for _temperature in (0.5, 0.25):
    _sharper = (f"pseudo_label_temperature={_temperature}",)
    _of_none, _of_soft = ROWS["none"], ROWS["soft_centered"]
    ROWS[f"none_{_temperature}"] = dataclasses.replace(
        _of_none, settings=(*_of_none.settings, *_sharper)
    )
    ROWS[f"soft_centered_{_temperature}"] = dataclasses.replace(
        _of_soft, settings=(*_of_soft.settings, *_sharper)
    )
for _control in ("sign_flipped", "shuffled", "random_labels"):
    ROWS[_control] = dataclasses.replace(
        ROWS["soft_exact"], weights=(), is_control=True, like="soft_exact"
    )
WITHOUT_TEACHER = ("supervised", "pseudo_label", "uda")


def _sign_flipped(model, teach, batch, targets):
    """The student's progress counts against its labels."""
    del model
    lesson = teach(batch, targets)
    return lesson._replace(credit=-lesson.credit)


def _shuffled(model, teach, batch, targets):
    """Each example gets the credit of another one of its batch."""
    lesson = teach(batch, targets)
    order = tf.random.experimental.stateless_shuffle(
        tf.range(tf.shape(targets)[0]), _own_key(model, 0)
    )
    return lesson._replace(credit=tf.gather(lesson.credit, order))


def _random_labels(model, teach, batch, targets):
    """The student is asked how it does on labels drawn at random."""
    shape = tf.shape(batch.labels)
    drawn = tf.random.stateless_uniform(
        shape[:1], _own_key(model, 1), 0, shape[1], tf.int32
    )
    labels = tf.one_hot(drawn, shape[1], dtype=batch.labels.dtype)
    return teach(batch._replace(labels=labels), targets)


def _unheard(model, teach, batch, targets):
    """The student learns, and the teacher hears nothing of it."""
    del model
    lesson = teach(batch, targets)
    return lesson._replace(credit=tf.zeros_like(lesson.credit))


def _argmax(model, teach, batch, targets):
    """The student learns from the likeliest class alone."""
    del model
    best = tf.argmax(targets, axis=-1)
    return teach(
        batch, tf.one_hot(best, targets.shape[-1], dtype=targets.dtype)
    )


def _rising(model, teach, batch, targets):
    """The feedback counts from 0 to twice: as much over a run, but later."""
    return _times(2 * _progress(model), teach(batch, targets))


def _falling(model, teach, batch, targets):
    """The feedback counts from twice to 0: as much over a run, but earlier."""
    return _times(2 - 2 * _progress(model), teach(batch, targets))


def _progress(model):
    return tf.cast(model.step, tf.float32) / STEPS


def _times(factor, lesson):
    credit = lesson.credit
    return lesson._replace(credit=tf.cast(factor, credit.dtype) * credit)


def _own_key(model, number):
    return seeds.fold(model.key(Site.PSEUDO_LABEL), 1 + number)


CONTROLS = {
    "none_sampled": _unheard,
    "none_argmax": _argmax,
    "soft_centered_rising": _rising,
    "soft_centered_falling": _falling,
    "sign_flipped": _sign_flipped,
    "shuffled": _shuffled,
    "random_labels": _random_labels,
}


def overrides(name, labels, objective, weight=None):
    """Returns the settings of a row, as `keras-mpl run --set` takes them."""
    batch = min(labels, 20)
    chosen = () if weight is None else (f"feedback_weight={weight}",)
    if name not in WITHOUT_TEACHER:
        chosen = (f"objective={objective}", *chosen)
    return (
        *SHARED,
        f"num_labeled={labels}",
        f"batch_size={batch}",
        f"unlabeled_ratio={80 // batch}",
        *ROWS[name].settings,
        *chosen,
    )


def trainer(name, labels, objective, weight=None):
    """Makes what trains a row on seed after seed."""
    settings = overrides(name, labels, objective, weight)
    return Trainer(ROWS[name].recipe, settings, CONTROLS.get(name))


def chosen_weight(name, labels, objective):
    """The weight that did best on the tuning seeds' validation images."""
    like = ROWS[name].like or name
    tried = {}
    for record in read(NAME):
        if record["stage"] == "tune" and record["row"] == like:
            if (record["labels"], record["objective"]) == (labels, objective):
                tried.setdefault(record["weight"], []).append(record)
    missing = set(ROWS[like].weights) - set(tried)
    if missing:
        raise SystemExit(
            f"{like} must be tuned first, at weights {sorted(missing)}: run "
            f"feedback_ablation.py tune --labels {labels} "
            f"--objective {objective} --rows {like}"
        )
    return max(
        tried,
        key=lambda w: statistics.mean(r["accuracy"] for r in tried[w]),
    )


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
    """What has a record, as `execute` looks for it."""
    keys = ("stage", "labels", "row", "objective", "weight", "seed")
    return {(*(r[key] for key in keys), *r["settings"]) for r in read(NAME)}


def main(argv):
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
