"""What the ablation of the feedback compares: its rows, their controls.

A row is a recipe with something changed. `feedback_ablation.py` runs them,
`feedback_tables.py` shows them in this order.
"""

import dataclasses
from collections.abc import Callable

from benchmarks.accuracy import held_out
from benchmarks.accuracy import levers


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        title: In table and plot.
        recipe: What it is a variant of.
        settings: Overrides of that recipe.
        weights: Values of `method.feedback_weight` to choose from; none to
            choose for a row without feedback.
        is_control: Whether it is to show what feedback must not do.
        like: Row whose weight it takes, where it has none of its own.
        against: Row that it differs from in one thing, to be compared with.
        feedback: Makes what stands in the place of the recipe's kind, given
            that one's config; or None.
        batches: What stands in the place of the recipe's, if anything.
        model: Class in the place of `MetaPseudoLabels`, if any.
    """

    title: str
    recipe: str
    settings: tuple = ()
    weights: tuple = ()
    is_control: bool = False
    like: str = ""
    against: str = ""
    feedback: Callable | None = None
    batches: Callable | None = None
    model: type | None = None


def _but(row, *settings, **changes):
    """The same row with more settings, and other fields."""
    settings = (*row.settings, *settings)
    return dataclasses.replace(row, settings=settings, **changes)


def _kind(title, feedback, scale, weights, is_centered=False):
    settings = (
        f"method.feedback={feedback}",
        f"method.feedback_scale={scale}",
        f"method.feedback_centering={str(is_centered).lower()}",
    )
    return Row(title, "digits_20", settings, weights)


# A grid whose edge was the best of three has a fourth, or more.
_PER_EXAMPLE, _EXACT = (0.1, 0.3, 1.0, 3.0), (1.0, 5.0, 25.0)
_FROM_LOW = (0.03, *_PER_EXAMPLE)
_SCALAR, _SCALAR_EXACT = (0.003, 0.01, 0.03), (0.03, 0.1, 0.3)
_NONE = Row("no feedback", "digits_20_none")
_DEFAULT = _kind(
    "`soft`, cosine, centred (the default kind)",
    "soft",
    "cosine",
    _FROM_LOW,
    True,
)
_SOFT_EXACT = _kind("`soft`, exact (Eq. 3)", "soft", "exact", (*_EXACT, 75.0))
_HARD_BATCH = _kind(
    "`hard_batch` (Eq. 12), cosine", "hard_batch", "cosine", _SCALAR
)
_SHARPER = "method.pseudo_label_temperature={}".format
# The student learns the given labels too, in a loss beside the pseudo labels'.
_BESIDE = "method.student_labeled_weight=1.0"


def _lever(title, *settings, **changes):
    """The default kind with something changed, at its weight if not said."""
    changes = {"weights": (), "against": "soft_centered", **changes}
    title = f"`soft`, cosine, centred, {title}"
    return _but(_DEFAULT, *settings, title=title, **changes)


def _control(title, feedback, like):
    row, scale = {
        "soft_exact": (_SOFT_EXACT, "exact"),
        "soft_centered": (_DEFAULT, "cosine, centred"),
    }[like]
    return _but(
        row,
        title=f"control: {title}, {scale}",
        weights=(),
        is_control=True,
        like=like,
        against=like,
        feedback=feedback,
    )


ROWS = {
    # The recipe's rate is one for 500 steps; of .01, .02, .05 and .1 this is
    # the best on validation, seeds 100 to 103, at 300.
    "supervised": Row(
        "labels alone", "digits_20_supervised", ("student.peak_lr=0.05",)
    ),
    "pseudo_label": Row(
        "pseudo labels of a fixed teacher",
        "digits_20_pseudo_label",
        ("stages.pretrain_steps=300", "teacher.peak_lr=0.05", _BESIDE),
    ),
    "uda": Row("UDA", "digits_20_uda"),
    "none": _NONE,
    # What the sampled kinds are to be compared with: samples, and no feedback.
    "none_sampled": _but(
        _kind("no feedback, student learns from samples", "hard", "cosine", ()),
        feedback=levers.Unheard,
    ),
    # Whether it is their being sharp that makes samples better to learn from.
    **{
        f"none_{value}": _but(
            _NONE,
            _SHARPER(value),
            title=f"no feedback, pseudo labels at temperature {value}",
        )
        for value in (0.5, 0.25)
    },
    "none_argmax": _but(
        _NONE,
        title="no feedback, student learns from the likeliest class",
        feedback=levers.MostProbable,
    ),
    "none_labels": _but(
        _NONE, _BESIDE, title="no feedback, student learns the labels too"
    ),
    "soft": _kind("`soft`, cosine", "soft", "cosine", _PER_EXAMPLE),
    "soft_centered": _DEFAULT,
    "soft_centered_labels": _lever(
        "student learns the labels too",
        _BESIDE,
        weights=_DEFAULT.weights,
        against="none_labels",
    ),
    # Its weight as it is where nobody sets it, and as it was.
    "soft_centered_weight_0.3": _lever(
        "weight 0.3 (default)", "method.feedback_weight=0.3"
    ),
    "soft_centered_1": _lever("weight 1", "method.feedback_weight=1.0"),
    "soft_centered_rising": _lever(
        "weight rising", like="soft_centered", feedback=levers.Rising
    ),
    "soft_centered_falling": _lever(
        "weight falling", weights=(0.03, 0.1, 0.3, 1.0), feedback=levers.Falling
    ),
    "soft_centered_no_floor": _lever(
        "no floor", "method.cosine_floor=0.0", like="soft_centered"
    ),
    "soft_centered_normalised": _lever(
        "one deviation for every class",
        weights=_PER_EXAMPLE,
        feedback=levers.Normalised,
    ),
    "soft_centered_clipped": _lever(
        "credit clipped", weights=_PER_EXAMPLE, feedback=levers.Clipped
    ),
    # The feedback of one half of the labels, which the teacher's own loss has
    # too or has not: other feedback, and so a weight of its own.
    "soft_centered_half_asked": _lever(
        "feedback of half of the labels",
        weights=_DEFAULT.weights,
        feedback=held_out.Examined,
        batches=held_out.Halves,
    ),
    "soft_centered_held_out": _lever(
        "feedback of a held-out half",
        *held_out.UNTAUGHT,
        weights=_DEFAULT.weights,
        feedback=held_out.Examined,
        batches=held_out.Halves,
        model=held_out.Untaught,
    ),
    **{
        f"soft_centered_{value}": _lever(
            f"temperature {value}",
            _SHARPER(value),
            weights=_DEFAULT.weights,
            against=f"none_{value}",
        )
        for value in (0.5, 0.25)
    },
    "soft_exact": _SOFT_EXACT,
    "soft_exact_centered": _kind(
        "`soft`, exact, centred", "soft", "exact", _EXACT, True
    ),
    "hard": _kind("`hard`, cosine", "hard", "cosine", _FROM_LOW),
    "hard_exact": _kind("`hard`, exact", "hard", "exact", (0.3, *_EXACT)),
    "hard_expected": _kind(
        "`hard_expected`, cosine", "hard_expected", "cosine", _FROM_LOW
    ),
    "hard_expected_exact": _kind(
        "`hard_expected`, exact", "hard_expected", "exact", (0.1, 0.3, *_EXACT)
    ),
    # Variance: what the kinds have, centred; what the scalar has, left out.
    "hard_expected_centered": _but(
        _kind(
            "`hard_expected`, cosine, centred",
            "hard_expected",
            "cosine",
            _PER_EXAMPLE,
            True,
        ),
        against="hard_expected",
    ),
    "hard_expected_exact_centered": _but(
        _kind(
            "`hard_expected`, exact, centred",
            "hard_expected",
            "exact",
            (0.3, *_EXACT),
            True,
        ),
        against="hard_expected_exact",
    ),
    "hard_batch": _HARD_BATCH,
    "hard_batch_no_baseline": _but(
        _HARD_BATCH,
        title=f"{_HARD_BATCH.title}, no baseline",
        feedback=levers.without_baseline,
        against="hard_batch",
    ),
    "hard_batch_exact": _kind(
        "`hard_batch` (Eq. 12), exact", "hard_batch", "exact", _SCALAR_EXACT
    ),
    "finite_difference": _kind(
        "`finite_difference`",
        "finite_difference",
        "exact",
        (0.01, *_SCALAR_EXACT),
    ),
    **{
        name + suffix: _control(title, feedback, like)
        for like, suffix in (("soft_exact", ""), ("soft_centered", "_cosine"))
        for name, title, feedback in (
            ("sign_flipped", "sign flipped", levers.SignFlipped),
            ("shuffled", "credit of another example", levers.Shuffled),
            ("random_labels", "random labels", levers.RandomLabels),
        )
    },
}
WITHOUT_TEACHER = ("supervised", "pseudo_label", "uda")
