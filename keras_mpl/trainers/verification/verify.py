"""Is the feedback the gradient it claims to be? Measured on a user's models.

`verify` compares what every kind of feedback gives the teacher with central
differences of the true objective, Eq. 3: the student's labelled loss after
one real step of its real optimizer, as a function of the teacher's weights.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from keras_mpl import feedback as feedbacks
from keras_mpl.batch import BatchLike
from keras_mpl.feedback import Feedback
from keras_mpl.trainers.checks.networks import loss_dtype
from keras_mpl.trainers.mpl import MetaPseudoLabels
from keras_mpl.trainers.verification import formulas
from keras_mpl.trainers.verification.bench import Bench
from keras_mpl.trainers.verification.table import Row
from keras_mpl.trainers.verification.table import Verification

_EVERY_WEIGHT = 200  # up to so many, every weight is perturbed by itself
_DIRECTIONS = 6  # else


def verify(
    model: MetaPseudoLabels,
    batch: BatchLike,
    *,
    kinds: Sequence[feedbacks.Name | Feedback] | None = None,
    draws: int = 200,
    seed: int = 0,
) -> Verification:
    """Checks every kind of feedback on a model against Eq. 3, numerically.

    All state of the model is restored. The student's step is taken by the
    model's own optimizer. Rows carry the exact scale, and no centring,
    whatever the model's own settings, so that their sizes can be compared.

    Args:
        model: A compiled `MetaPseudoLabels`.
        batch: A `Batch`, or `((inputs, labels), (weak, strong))`.
        kinds: Which kinds of feedback to show beside `soft`, by name or as
            objects; `None` for all, the model's own among them, and other
            people's formulas.
        draws: Samples of the pseudo labels that a sampled kind is averaged
            over.
        seed: Of the random directions.

    Returns:
        The table and its verdict.

    Raises:
        ValueError: If the model is not compiled or the batch does not fit.
    """
    if not isinstance(model, MetaPseudoLabels) or not model.compiled:
        raise ValueError(
            "`model` must be a compiled `MetaPseudoLabels`. "
            f"Received: {type(model).__name__}"
        )
    if kinds is None:
        others = [n for n in feedbacks.KINDS if n not in ("soft", "none")]
        shown = [*map(formulas.ours, others)]
        if type(model.feedback) not in feedbacks.KINDS.values():
            shown.append(formulas.ours(model.feedback))
        shown += [formulas.released(), formulas.port()]
    else:
        shown = [formulas.ours(name) for name in kinds if name != "soft"]
    bench = Bench(model, batch)
    try:
        rng = np.random.default_rng(seed)
        return _verified(bench, shown, draws, rng)
    finally:
        bench.restore()


def _verified(
    bench: Bench,
    shown: list[formulas.Formula],
    draws: int,
    rng: np.random.Generator,
) -> Verification:
    soft = bench.gradient(formulas.ours("soft"))(0)
    directions = _directions(soft, rng)
    differences, noise = _differences(bench, directions)
    error = _relative(directions @ soft, differences)
    is_whole = len(directions) == len(soft)
    reference = differences if is_whole else soft
    dtype = loss_dtype(bench.model.student)
    resolution = 1e3 * float(np.finfo(dtype).eps)
    rows = [_row("soft", soft, reference, 1, resolution)]
    for formula in shown:
        count = draws if formula.feedback.is_sampled else 1
        gradient = bench.gradient(formula)
        mean = np.mean([gradient(number) for number in range(count)], axis=0)
        rows.append(_row(formula.name, mean, reference, count, resolution))
    return Verification(
        tuple(rows),
        reference=(
            "central differences over every weight of the teacher"
            if is_whole
            else "the exact gradient (`soft`)"
        ),
        noise_floor=noise,
        measured_error=error,
        directions=len(directions),
        dtype=dtype,
        is_linear=bench.is_linear,
        measured_cosine=_cosine(directions @ soft, differences),
    )


def _row(
    name: str,
    found: np.ndarray,
    reference: np.ndarray,
    draws: int,
    resolution: float,
) -> Row:
    norm = float(np.linalg.norm(found))
    size = float(np.linalg.norm(reference))
    is_zero = norm <= resolution * size
    cosine = np.nan if is_zero else _cosine(found, reference)
    return Row(name, _relative(found, reference), cosine, norm, draws)


def _cosine(found: np.ndarray, expected: np.ndarray) -> float:
    norms = np.linalg.norm(found) * np.linalg.norm(expected)
    return float(found @ expected / norms)


def _relative(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def _directions(soft: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Unit directions, one a row: every weight, or the gradient and others."""
    if len(soft) <= _EVERY_WEIGHT:
        return np.eye(len(soft))
    along = soft / np.linalg.norm(soft)
    others = rng.normal(size=(_DIRECTIONS - 1, len(soft)))
    # Half gradient, half noise: a random direction alone shows no slope.
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    mixed = (others + along) / np.sqrt(2.0)
    return np.concatenate([along[None], mixed])


def _differences(
    bench: Bench, directions: np.ndarray
) -> tuple[np.ndarray, float]:
    """Central differences along directions, and how far they are known.

    The step is the one, of a ladder, at which a step twice as wide changes
    the difference along the first direction least.
    """

    def slope(direction: np.ndarray, width: float) -> float:
        ends = [
            float(bench.objective(tf.constant(bench.start + sign * direction)))
            for sign in (width, -width)
        ]
        return (ends[0] - ends[1]) / (2 * width)

    is_double = loss_dtype(bench.model.student) == "float64"
    widths = np.geomspace(1e-6 if is_double else 1e-3, 1.0, 10)
    ladder = [slope(directions[0], width) for width in widths]
    gaps = np.abs(np.diff(ladder))
    best = int(np.argmin(gaps))
    width = float(widths[best])
    narrow = np.array([slope(d, width) for d in directions])
    wide = np.array([slope(d, 2 * width) for d in directions])
    return narrow, _relative(wide, narrow)
