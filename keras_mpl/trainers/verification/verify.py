"""Is the feedback the gradient it claims to be? Measured on a user's models.

`verify` compares what every kind of feedback gives the teacher with central
differences of the true objective, Eq. 3: the student's labelled loss after
one real step of its real optimizer, as a function of the teacher's weights.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_mpl import feedback as feedbacks
from keras_mpl import seeds
from keras_mpl.batch import Batch
from keras_mpl.feedback import Feedback
from keras_mpl.feedback import Signal
from keras_mpl.trainers.checks import batches as batch_checks
from keras_mpl.trainers.checks import optimizers as optimizer_checks
from keras_mpl.trainers.checks.networks import loss_dtype
from keras_mpl.trainers.engine.batching import Scalars
from keras_mpl.trainers.mpl import MetaPseudoLabels
from keras_mpl.trainers.mpl.teacher import tempered
from keras_mpl.trainers.verification import formulas
from keras_mpl.trainers.verification.table import Row
from keras_mpl.trainers.verification.table import Verification
from keras_mpl.types import Tensor

_EVERY_WEIGHT = 200  # up to so many, every weight is perturbed by itself
_DIRECTIONS = 6  # else


def verify(
    model: MetaPseudoLabels,
    batch: Any,
    *,
    kinds: Sequence[str | Feedback] | None = None,
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


class Bench:
    """A model held still: every measurement starts from one saved state.

    Args:
        model: A compiled `MetaPseudoLabels`.
        batch: A `Batch`, or `((inputs, labels), (weak, strong))`.
    """

    def __init__(self, model: MetaPseudoLabels, batch: Any):
        self.model = model
        spec = batch_checks.as_batch(batch)
        spec = Batch(*tf.nest.map_structure(tf.convert_to_tensor, tuple(spec)))
        batch_checks.batch_spec(spec, model.num_classes)
        self.batch = model.read_batch(spec)
        self.teacher = model.teacher.trainable_variables
        optimizers = (
            model.optimizer.variables,
            model.teacher_optimizer.variables,
        )
        self._variables = [*model.weights, *optimizers[0], *optimizers[1]]
        self._values = [tf.identity(v.value) for v in self._variables]
        self.start = _flat([v.value for v in self.teacher]).numpy()
        self.objective = tf.function(self._objective)
        self.is_linear = optimizer_checks.not_linear(model.optimizer) is None

    def restore(self) -> None:
        """Puts every weight and slot back."""
        for variable, value in zip(self._variables, self._values, strict=True):
            variable.assign(value)

    def _objective(self, vector: Tensor) -> Tensor:
        """Eq. 3 at other weights of the teacher, shape `()`."""
        model = self.model
        at = 0
        for variable in self.teacher:
            size = int(np.prod(variable.shape))
            part = tf.reshape(vector[at : at + size], variable.shape)
            variable.assign(tf.cast(part, variable.dtype))
            at += size
        teacher_pass = model.teacher_pass(self.batch)
        targets = tf.nn.softmax(model.pseudo_logits(teacher_pass))
        update = model.update_student(
            self.batch, targets, compares_losses=False
        )
        loss = update.labeled_loss(None)
        self.restore()
        return loss

    def gradient(
        self, formula: formulas.Formula
    ) -> Callable[[int], np.ndarray]:
        """Compiles a formula: from a draw's number to the meta gradient."""
        model, feedback = self.model, formula.feedback

        @tf.function
        def found(number: Tensor) -> Tensor:
            key = seeds.fold(seeds.key(0), number)
            teacher_pass = model.teacher_pass(self.batch)
            temperature = model.pseudo_label_temperature
            logits = tempered(teacher_pass.logits(formula.view), temperature)
            update = model.update_student(
                self.batch,
                feedback.targets(tf.nn.softmax(logits), key),
                compares_losses=feedback.compares_losses,
            )
            signal = feedback.measure(update)
            loss = MetaLoss(feedback, signal, temperature)
            _, parts = teacher_pass.differentiate(
                loss, signal.per_example(), has_penalty=False
            )
            gradient = _flat(model.learner("teacher").summed(parts))
            self.restore()
            return gradient

        return lambda number: found(tf.constant(number)).numpy()


class MetaLoss(NamedTuple):
    """The meta loss of a feedback and nothing else; a `batching.Loss`."""

    feedback: Feedback
    signal: Signal
    temperature: float
    summed: Sequence[str] = ("meta_loss",)
    names: Sequence[str] = ("meta_loss",)

    def labeled(self, logits: Tensor) -> Scalars:
        """Labels are not in it."""
        del logits
        return {}

    def unlabeled(  # noqa: D102
        self, logits: Sequence[Tensor], rows: Mapping[str, Tensor]
    ) -> Scalars:
        signal = self.signal._replace(**rows)
        strong = tempered(logits[-1], self.temperature)
        return {"meta_loss": self.feedback.meta_loss(signal, strong)}

    def total(self, parts: Scalars) -> Tensor:  # noqa: D102
        absent = tf.zeros([])  # a pass over labels alone has no part of it
        return parts.get("meta_loss", absent)


def _verified(
    bench: Bench, shown: list[formulas.Formula], draws: int, rng: Any
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
        mean = sum(gradient(number) for number in range(count)) / count
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
    name: str, found: Any, reference: Any, draws: int, resolution: float
) -> Row:
    norm = float(np.linalg.norm(found))
    size = float(np.linalg.norm(reference))
    is_zero = norm <= resolution * size
    cosine = np.nan if is_zero else _cosine(found, reference)
    return Row(name, _relative(found, reference), cosine, norm, draws)


def _cosine(found: Any, expected: Any) -> float:
    norms = np.linalg.norm(found) * np.linalg.norm(expected)
    return float(found @ expected / norms)


def _relative(found: Any, expected: Any) -> float:
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def _directions(soft: Any, rng: Any) -> Any:
    """Unit directions, one a row: every weight, or the gradient and others."""
    if len(soft) <= _EVERY_WEIGHT:
        return np.eye(len(soft))
    along = soft / np.linalg.norm(soft)
    others = rng.normal(size=(_DIRECTIONS - 1, len(soft)))
    # Half gradient, half noise: a random direction alone shows no slope.
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    mixed = (others + along) / np.sqrt(2.0)
    return np.concatenate([along[None], mixed])


def _differences(bench: Bench, directions: Any) -> tuple[Any, float]:
    """Central differences along directions, and how far they are known.

    The step is the one, of a ladder, at which a step twice as wide changes
    the difference along the first direction least.
    """

    def slope(direction: Any, width: float) -> float:
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


def _flat(tensors: list[Tensor]) -> Tensor:
    rows = [tf.reshape(tf.cast(t, "float64"), [-1]) for t in tensors]
    return tf.concat(rows, axis=0)
