"""One step of each row of the curve, in JAX, from the papers' equations.

Labels alone; UDA (arXiv:1904.12848, Eq. 1); FixMatch (arXiv:2001.07685, Eq. 4);
and Meta Pseudo Labels (arXiv:2003.10580, Algorithm 1), whose teacher is UDA's.
The settings are those of `length_rows`.
"""

from collections.abc import Callable
from typing import Any
from typing import Literal
from typing import NamedTuple
from typing import TypeAlias

import jax
import jax.numpy as jnp

from benchmarks.replication.network import Array
from benchmarks.replication.network import Network
from benchmarks.replication.network import Weights
from benchmarks.replication.network import trained

CLASSES = 10
WEIGHT_DECAY, MOMENTUM, EMA_DECAY = 5e-4, 0.9, 0.99
TEMPERATURE, UDA_THRESHOLD, FIXMATCH_THRESHOLD = 0.4, 0.8, 0.5
COSINE_FLOOR = 0.05


class Row(NamedTuple):
    """What a row of the curve is.

    Attributes:
        method: How the student learns.
        feedback: What the teacher hears of it: nothing, Eq. 3 to the letter,
            or the default kind, a centred cosine.
        labeled_weight: Factor of the student's loss on the given labels.
    """

    method: Literal["supervised", "uda", "fixmatch", "mpl"]
    feedback: Literal["none", "exact", "cosine"] = "none"
    labeled_weight: float = 0.0


ROWS = {
    "supervised": Row("supervised"),
    "uda": Row("uda"),
    "fixmatch": Row("fixmatch"),
    "none": Row("mpl"),
    "exact": Row("mpl", "exact"),
    "default": Row("mpl", "cosine"),
    "none_labels": Row("mpl", labeled_weight=1.0),
    "exact_labels": Row("mpl", "exact", labeled_weight=1.0),
}


class Batch(NamedTuple):
    """One step's inputs, standardised, and the labels' ids."""

    labeled_inputs: Array
    labels: Array
    weak_inputs: Array
    strong_inputs: Array


class Learner(NamedTuple):
    """A network and its momenta."""

    network: Network
    momenta: Weights


class State(NamedTuple):
    """All that a training has learned; the average is the student's."""

    student: Learner
    average: Network
    teacher: Learner | None


# From a state, a batch, the step's number, its rate and the feedback's weight.
Step: TypeAlias = Callable[[State, Batch, Array, Array, Array], State]


def begun(student: Network, teacher: Network | None) -> State:
    """The state before the first step."""

    def still(network: Network) -> Learner:
        zeros = jax.tree.map(jnp.zeros_like, network.weights)
        return Learner(network, zeros)

    own = None if teacher is None else still(teacher)
    return State(still(student), student, own)


def step_of(row: Row) -> Step:
    """Returns a row's step."""
    if row.method == "mpl":
        return lambda state, *step: _meta_step(row, state, *step)
    return lambda state, *step: _student_step(row, state, *step)


def cross_entropy(targets: Array, logits: Array) -> Array:
    """Per example, shape `(n,)`."""
    return -jnp.sum(targets * jax.nn.log_softmax(logits), axis=-1)


def labeled_loss(batch: Batch, logits: Array) -> Array:
    """The mean loss on the given labels."""
    return cross_entropy(jax.nn.one_hot(batch.labels, CLASSES), logits).mean()


def consistency_loss(method: str, weak: Array, strong: Array) -> Array:
    """UDA's or FixMatch's mean loss on the strong view."""
    weak = jax.lax.stop_gradient(weak)
    probs = jax.nn.softmax(weak)
    if method == "fixmatch":
        target = jax.nn.one_hot(probs.argmax(axis=-1), CLASSES)
        threshold = FIXMATCH_THRESHOLD
    else:
        target = jax.nn.softmax(weak / TEMPERATURE)
        threshold = UDA_THRESHOLD
    mask = probs.max(axis=-1) >= threshold
    return (mask * cross_entropy(target, strong)).mean()


def sgd(learner: Learner, gradient: Weights, rate: Array) -> Learner:
    """A step of SGD with Nesterov's momentum; L2 but for scales and offsets."""
    weights, momenta = {}, {}
    for name, weight in learner.network.weights.items():
        has_l2 = not name.endswith(("/gamma", "/beta"))
        move = rate * (gradient[name] + WEIGHT_DECAY * has_l2 * weight)
        momenta[name] = MOMENTUM * learner.momenta[name] - move
        weights[name] = weight + MOMENTUM * momenta[name] - move
    return Learner(learner.network._replace(weights=weights), momenta)


def averaged(average: Network, network: Network, number: Array) -> Network:
    """The average after another step; its decay rises to 0.99."""
    decay = jnp.minimum(EMA_DECAY, (1.0 + number) / (10.0 + number))
    return jax.tree.map(
        lambda old, new: old + (1 - decay) * (new - old), average, network
    )


def global_norm(vector: Weights) -> Array:
    """Euclidean norm of all weights taken as one vector."""
    return jnp.sqrt(sum(jnp.vdot(part, part) for part in vector.values()))


def _following(learner: Learner, statistics: Weights) -> Learner:
    network = learner.network._replace(statistics=statistics)
    return learner._replace(network=network)


def _at(learner: Learner, weights: Weights) -> Network:
    return learner.network._replace(weights=weights)


def _student_step(
    row: Row,
    state: State,
    batch: Batch,
    number: Array,
    rate: Array,
    weight: Array,
) -> State:
    """Labels alone, UDA or FixMatch."""
    del weight
    student = state.student
    weak = None
    if row.method != "supervised":  # the weak view passes apart
        weak, statistics = trained(student.network, batch.weak_inputs)
        student = _following(student, statistics)

    def loss(weights: Weights) -> tuple[Array, Weights]:
        network = _at(student, weights)
        if weak is None:
            logits, statistics = trained(network, batch.labeled_inputs)
            return labeled_loss(batch, logits), statistics
        both = jnp.concatenate([batch.labeled_inputs, batch.strong_inputs])
        logits, statistics = trained(network, both)
        count = len(batch.labeled_inputs)
        total = labeled_loss(batch, logits[:count])
        total += consistency_loss(row.method, weak, logits[count:])
        return total, statistics

    gradient, statistics = jax.grad(loss, has_aux=True)(student.network.weights)
    student = sgd(_following(student, statistics), gradient, rate)
    average = averaged(state.average, student.network, number)
    return state._replace(student=student, average=average)


def _meta_step(
    row: Row,
    state: State,
    batch: Batch,
    number: Array,
    rate: Array,
    weight: Array,
) -> State:
    """Algorithm 1: the student learns, and the teacher learns from that."""
    teacher: Any = state.teacher
    count = len(batch.labeled_inputs)
    # The teacher labels the unlabelled examples; its pass is kept.
    weak, statistics = trained(teacher.network, batch.weak_inputs)
    teacher = _following(teacher, statistics)
    both = jnp.concatenate([batch.labeled_inputs, batch.strong_inputs])
    logits, pull_back, statistics = jax.vjp(
        lambda weights: trained(_at(teacher, weights), both),
        teacher.network.weights,
        has_aux=True,
    )
    teacher = _following(teacher, statistics)
    targets = jax.nn.softmax(logits[count:])
    # The student is shown those labels, and steps.
    student, gradient = _learned(row, state.student, batch, targets, rate)
    # What did that step do to the student's loss on the given labels?
    credit = _credit(row, state.student, student, batch, gradient, rate)
    # The teacher descends its own losses and the feedback, and steps.
    descend = jax.grad(_teacher_loss)
    [along] = pull_back(descend(logits, batch, weak, credit, weight))
    return State(
        student,
        averaged(state.average, student.network, number),
        sgd(teacher, along, rate),
    )


def _teacher_loss(
    logits: Array,
    batch: Batch,
    weak: Array,
    credit: Array | None,
    weight: Array,
) -> Array:
    """What the teacher descends, of its labelled and strong logits together."""
    count = len(batch.labels)
    labeled, strong = logits[:count], logits[count:]
    total = labeled_loss(batch, labeled)
    total += consistency_loss("uda", weak, strong)
    if credit is not None:
        total -= weight * jnp.sum(credit * jax.nn.softmax(strong))
    return total


def _learned(
    row: Row, student: Learner, batch: Batch, targets: Array, rate: Array
) -> tuple[Learner, Weights]:
    """The student after its step, and its gradient on the pseudo labels."""

    def pseudo(weights: Weights) -> tuple[Array, Weights]:
        logits, statistics = trained(_at(student, weights), batch.strong_inputs)
        return cross_entropy(targets, logits).mean(), statistics

    weights = student.network.weights
    gradient, statistics = jax.grad(pseudo, has_aux=True)(weights)
    student = _following(student, statistics)
    total = gradient
    if row.labeled_weight:  # in a pass of its own

        def given(weights: Weights) -> tuple[Array, Weights]:
            logits, statistics = trained(
                _at(student, weights), batch.labeled_inputs
            )
            return labeled_loss(batch, logits), statistics

        more, statistics = jax.grad(given, has_aux=True)(weights)
        student = _following(student, statistics)
        total = jax.tree.map(
            lambda a, b: a + row.labeled_weight * b, gradient, more
        )
    return sgd(student, total, rate), gradient


def _credit(
    row: Row,
    before: Learner,
    after: Learner,
    batch: Batch,
    gradient: Weights,
    rate: Array,
) -> Array | None:
    """The scaled credit of each class of each example: Eq. 3's, or a cosine's.

    A target's share of `<g, v>` is how its log-probability changes along `v`,
    the labelled gradient at the new weights: one derivative in forward mode.
    """
    if row.feedback == "none":
        return None

    def given(weights: Weights) -> Array:
        logits, _ = trained(_at(after, weights), batch.labeled_inputs)
        return labeled_loss(batch, logits)

    vector = jax.grad(given)(after.network.weights)

    def log_probs(weights: Weights) -> Array:
        logits, _ = trained(_at(before, weights), batch.strong_inputs)
        return jax.nn.log_softmax(logits)

    weights = before.network.weights
    _, change = jax.jvp(log_probs, (weights,), (vector,))
    credit = -change / len(batch.strong_inputs)
    if row.feedback == "exact":
        return rate * (1 + MOMENTUM) * credit  # Nesterov's step size
    credit -= credit.mean(axis=0)
    floored = jnp.maximum(global_norm(gradient), COSINE_FLOOR)
    return credit / (global_norm(vector) * floored)
