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
from collections.abc import Callable

import held_out
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
        against: Row that it differs from in one thing, to be compared with.
        teach: What stands in the place of `model.teach`, if anything.
        batches: What stands in the place of the recipe's, if anything.
        unpack: What stands in the place of `model.unpack`, if anything.
    """

    recipe: str
    settings: tuple = ()
    weights: tuple = ()
    is_control: bool = False
    like: str = ""
    against: str = ""
    teach: Callable | None = None
    batches: Callable | None = None
    unpack: Callable | None = None


def _but(row, *settings, **changes):
    """The same row with more settings, and other fields."""
    settings = (*row.settings, *settings)
    return dataclasses.replace(row, settings=settings, **changes)


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
    """The feedback counts from 0 to twice, by steps.

    As the teacher's rate falls, that is 0.73 of what a constant factor comes
    to, and 1.27 of it for `_falling`.
    """
    return _times(2 * _progress(model), teach(batch, targets))


def _falling(model, teach, batch, targets):
    """The feedback counts from twice to 0, by steps.

    As recipes have it by `feedback_schedule=linear`, which came later.
    """
    return _times(2 - 2 * _progress(model), teach(batch, targets))


def _progress(model):
    return tf.cast(model.step, tf.float32) / STEPS


def _times(factor, lesson):
    credit = lesson.credit
    return lesson._replace(credit=tf.cast(factor, credit.dtype) * credit)


def _normalised(model, teach, batch, targets):
    """Every class' credit has one deviation over the batch: their mean."""
    del model
    lesson = teach(batch, targets)
    deviation = tf.math.reduce_std(lesson.credit, axis=0)
    return _times(
        tf.math.divide_no_nan(tf.reduce_mean(deviation), deviation), lesson
    )


def _clipped(model, teach, batch, targets):
    """No credit is further from 0 than its root mean square over the batch."""
    del model
    lesson = teach(batch, targets)
    bound = tf.sqrt(tf.reduce_mean(lesson.credit**2))
    return lesson._replace(
        credit=tf.clip_by_value(lesson.credit, -bound, bound)
    )


def _without_baseline(model, teach, batch, targets):
    """One scalar per batch as it is."""
    del model
    lesson = teach(batch, targets)
    feedback = lesson.shared["feedback"]
    return lesson._replace(advantage=tf.cast(feedback, lesson.advantage.dtype))


def _own_key(model, number):
    return seeds.fold(model.key(Site.PSEUDO_LABEL), 1 + number)


def _kind(feedback, scale, weights, is_centered=False):
    settings = (
        f"feedback={feedback}",
        f"feedback_scale={scale}",
        f"feedback_centering={str(is_centered).lower()}",
    )
    return Row("digits_20", settings, weights)


# A grid whose edge was the best of three has a fourth, or more.
_PER_EXAMPLE, _EXACT = (0.1, 0.3, 1.0, 3.0), (1.0, 5.0, 25.0)
_PER_BATCH = (0.003, 0.01, 0.03)  # its loss is a sum over the batch
_NONE = Row("digits_20_none")
_DEFAULT = _kind("soft", "cosine", (0.03, *_PER_EXAMPLE), True)
ROWS = {
    # The recipe's rate is one for 500 steps; of .01, .02, .05 and .1 this is
    # the best on validation, seeds 100 to 103, at 300.
    "supervised": Row("digits_20_supervised", ("student.peak_lr=0.05",)),
    "pseudo_label": Row(
        "digits_20_pseudo_label",
        ("pretrain_steps=300", "teacher.peak_lr=0.05", "labeled_weight=1.0"),
    ),
    "uda": Row("digits_20_uda"),
    "none": _NONE,
    # What the sampled kinds are to be compared with: samples, and no feedback.
    "none_sampled": _but(_kind("hard", "cosine", ()), teach=_unheard),
    # Whether it is their being sharp that makes samples better to learn from.
    "none_argmax": _but(_NONE, teach=_argmax),
    "soft": _kind("soft", "cosine", _PER_EXAMPLE),
    "soft_centered": _DEFAULT,
    "soft_exact": _kind("soft", "exact", (*_EXACT, 75.0)),
    "soft_exact_centered": _kind("soft", "exact", _EXACT, True),
    "hard": _kind("hard", "cosine", _PER_EXAMPLE),
    "hard_exact": _kind("hard", "exact", (0.3, *_EXACT)),
    "hard_expected": _kind("hard_expected", "cosine", _PER_EXAMPLE),
    "hard_expected_exact": _kind("hard_expected", "exact", (0.3, *_EXACT)),
    "hard_batch": _kind("hard_batch", "cosine", _PER_BATCH),
    "hard_batch_exact": _kind("hard_batch", "exact", (0.03, 0.1, 0.3)),
    "finite_difference": _kind("finite_difference", "exact", (0.03, 0.1, 0.3)),
}
for _temperature in (0.5, 0.25):
    _sharper = f"pseudo_label_temperature={_temperature}"
    ROWS[f"none_{_temperature}"] = _but(_NONE, _sharper)
    ROWS[f"soft_centered_{_temperature}"] = _but(
        _DEFAULT, _sharper, against=f"none_{_temperature}"
    )
# The student learns the given labels too, in a loss beside the pseudo labels'.
_BESIDE = "labeled_weight=1.0"
ROWS["none_labels"] = _but(_NONE, _BESIDE)
ROWS["soft_centered_labels"] = _but(_DEFAULT, _BESIDE, against="none_labels")
# Variance: what the kinds above have, centred; what the scalar has, left out.
ROWS["hard_expected_centered"] = _but(
    _kind("hard_expected", "cosine", _PER_EXAMPLE, True),
    against="hard_expected",
)
ROWS["hard_expected_exact_centered"] = _but(
    _kind("hard_expected", "exact", (0.3, *_EXACT), True),
    against="hard_expected_exact",
)
ROWS["hard_batch_no_baseline"] = _but(
    ROWS["hard_batch"], teach=_without_baseline, against="hard_batch"
)
# Levers on `soft_centered`: its weight as it is where nobody sets it, and as it
# was; another scale; when the feedback counts.
_LEVER = _but(_DEFAULT, weights=(), against="soft_centered")
ROWS["soft_centered_weight_0.3"] = _but(_LEVER, "feedback_weight=0.3")
ROWS["soft_centered_1"] = _but(_LEVER, "feedback_weight=1.0")
_LIKE = dataclasses.replace(_LEVER, like="soft_centered")
ROWS["soft_centered_no_floor"] = _but(_LIKE, "cosine_floor=0.0")
_OWN_WEIGHT = _but(_LEVER, weights=_PER_EXAMPLE)
ROWS["soft_centered_normalised"] = _but(_OWN_WEIGHT, teach=_normalised)
ROWS["soft_centered_clipped"] = _but(_OWN_WEIGHT, teach=_clipped)
ROWS["soft_centered_rising"] = _but(_LIKE, teach=_rising)
ROWS["soft_centered_falling"] = _but(
    _LEVER, weights=(0.03, 0.1, 0.3, 1.0), teach=_falling
)
# The feedback of one half of the labels, which the teacher's own loss has too
# or has not: other feedback, and so a weight of its own.
_HALF = _but(
    _DEFAULT,
    against="soft_centered",
    teach=held_out.examined,
    batches=held_out.Halves,
)
ROWS["soft_centered_half_asked"] = _HALF
ROWS["soft_centered_held_out"] = _but(
    _HALF, *held_out.UNTAUGHT, unpack=held_out.untaught
)
for _like, _suffix in (("soft_exact", ""), ("soft_centered", "_cosine")):
    for _control, _teach in {
        "sign_flipped": _sign_flipped,
        "shuffled": _shuffled,
        "random_labels": _random_labels,
    }.items():
        ROWS[_control + _suffix] = _but(
            ROWS[_like],
            weights=(),
            is_control=True,
            like=_like,
            against=_like,
            teach=_teach,
        )
WITHOUT_TEACHER = ("supervised", "pseudo_label", "uda")


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
    row = ROWS[name]
    return Trainer(row.recipe, settings, row.teach, row.batches, row.unpack)


def chosen_weight(name, labels, objective, records=None):
    """The weight that did best on the tuning seeds' validation images.

    The smaller one of two that did as well. `records` are read if not given.
    """
    like = ROWS[name].like or name
    tried = {weight: {} for weight in ROWS[like].weights}
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
            f"feedback_ablation.py tune --labels {labels} "
            f"--objective {objective} --rows {like}"
        )
    means = {w: statistics.mean(by.values()) for w, by in tried.items()}
    return max(sorted(means), key=means.get)


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
