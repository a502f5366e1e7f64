"""A training of one row: its batches, its schedule, finetuning, and its tests.

Many steps are one program: their views are made together, and a scan takes the
steps. What batch a step sees follows from the seed, the length and its number;
all rows of a seed and a length see the same ones.
"""

import functools
import pathlib
import time
from typing import Any
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.replication import arrays
from benchmarks.replication import methods
from benchmarks.replication import network
from benchmarks.replication import views
from benchmarks.replication.methods import ROWS
from benchmarks.replication.methods import Batch
from benchmarks.replication.methods import State
from benchmarks.replication.network import Array
from benchmarks.replication.network import Network

BATCH, RATIO = 32, 4
PEAK_RATE = 0.05
FINETUNE_STEPS, FINETUNE_BATCH, FINETUNE_RATE = 100, 512, 0.001
AT_ONCE = 100  # steps of one program
POINTS = 20  # of a curve, at most
TESTED_AT_ONCE = 1000

Record = dict[str, Any]


class Data(NamedTuple):
    """What lies on the device, and by name what else `prepare` wrote."""

    images: Array
    labels: Array
    test_images: Array
    test_labels: Array
    tables: views.Tables
    arrays: dict[str, np.ndarray]


def load(folder: pathlib.Path) -> Data:
    """Reads what `prepare` wrote.

    Raises:
        ValueError: If files are missing.
    """
    path = folder / arrays.ARRAYS
    if not path.exists():
        raise ValueError(
            "`folder` must be one that `benchmarks.replication.prepare` wrote. "
            f"Received: {folder}, without {arrays.ARRAYS}"
        )
    with np.load(path) as file:
        kept = dict(file)
    read = {
        name: arrays.images(folder, name, len(kept[labels]))
        for name, labels in (("train", "labels"), ("test", "test_labels"))
    }
    return Data(
        jnp.asarray(read["train"]),
        jnp.asarray(kept["labels"], jnp.int32),
        jnp.asarray(read["test"]),
        jnp.asarray(kept["test_labels"], jnp.int32),
        views.load_tables(kept),
        kept,
    )


def first(data: Data, name: str, seed: int) -> Network:
    """A network as it is before its first step."""
    prefix = f"{seed}/{name}/"
    return network.named(
        {
            key.removeprefix(prefix): jnp.asarray(value)
            for key, value in data.arrays.items()
            if key.startswith(prefix)
        }
    )


def rates(length: int) -> np.ndarray:
    """The rate of each step: a warm-up of a tenth, then a cosine to 0."""
    steps, warm_up = np.arange(length), length // 10
    progress = (steps - warm_up) / (length - warm_up)
    cosine = 0.5 * (1 + np.cos(np.pi * progress))
    risen = np.where(steps < warm_up, (steps + 1) / warm_up, cosine)
    return (PEAK_RATE * risen).astype(np.float32)


def orders(
    rows: np.ndarray, size: int, steps: int, draws: np.random.Generator
) -> np.ndarray:
    """Rows of each step, `(steps, size)`; every epoch is in a new order."""
    epochs = -(-steps * size // len(rows))
    order = np.concatenate([draws.permutation(rows) for _ in range(epochs)])
    return order[: steps * size].reshape(steps, size).astype(np.int32)


@functools.partial(jax.jit, static_argnames="name")
def _steps(
    name: str,
    state: State,
    key: Array,
    images: Array,
    labels: Array,
    tables: views.Tables,
    plan: dict[str, Array],
    weight: Array,
) -> State:
    """Takes the steps of a plan: rows, numbers and rates, one per step."""
    keys = jax.random.split(key, 3)

    def seen(rows: Array, key: Array) -> Array:
        flat = images[rows.reshape(-1)]
        return views.weak(flat, key).reshape(*rows.shape, *flat.shape[1:])

    labeled = seen(plan["labeled"], keys[0])
    weak = seen(plan["unlabeled"], keys[1])
    flat = weak.reshape(-1, *weak.shape[2:])
    strong = views.strong(flat, keys[2], tables).reshape(weak.shape)
    step = methods.step_of(ROWS[name])

    def taken(state: State, one: Any) -> tuple[State, None]:
        pixels, rows, number, rate = one
        inputs = [views.normalised(part) for part in pixels]
        batch = Batch(inputs[0], labels[rows], inputs[1], inputs[2])
        return step(state, batch, number, rate, weight), None

    each = plan["labeled"], plan["numbers"], plan["rates"]
    state, _ = jax.lax.scan(taken, state, ((labeled, weak, strong), *each))
    return state


@jax.jit
def finetuned(
    student: Network, key: Array, images: Array, labels: Array, rows: Array
) -> Network:
    """Finetunes by plain SGD; BatchNorm takes the batch's statistics.

    Args:
        student: The averaged student.
        key: Of the weak views.
        images: All images, uint8, shape `(n, 32, 32, 3)`.
        labels: Their ids, shape `(n,)`.
        rows: Of each step, shape `(steps, batch)`.
    """

    def step(student: Network, one: tuple[Array, Array]) -> Any:
        rows, key = one
        inputs = views.normalised(views.weak(images[rows], key))
        targets = jax.nn.one_hot(labels[rows], methods.CLASSES)

        def loss(weights: network.Weights) -> Any:
            logits, statistics = network.trained(
                student._replace(weights=weights), inputs
            )
            return methods.cross_entropy(targets, logits).mean(), statistics

        gradient, statistics = jax.grad(loss, has_aux=True)(student.weights)
        weights = jax.tree.map(
            lambda w, g: w - FINETUNE_RATE * g, student.weights, gradient
        )
        return Network(weights, statistics), None

    keys = jax.random.split(key, len(rows))
    student, _ = jax.lax.scan(step, student, (rows, keys))
    return student


@jax.jit
def _right(tested: Network, images: Array, labels: Array) -> Array:
    """How many images are named right."""

    def of_some(some: tuple[Array, Array]) -> Array:
        logits = network.answers(tested, views.normalised(some[0]))
        return (logits.argmax(axis=-1) == some[1]).sum()

    shape = (-1, TESTED_AT_ONCE)
    parts = images.reshape(*shape, *images.shape[1:]), labels.reshape(shape)
    return jax.lax.map(of_some, parts).sum()


def accuracy(tested: Network, images: Array, labels: Array) -> float:
    """Fraction of images that are named right, as the network answers."""
    return int(_right(tested, images, labels)) / len(labels)


def trained(
    name: str,
    length: int,
    seed: int,
    data: Data,
    *,
    weight: float | None = None,
    is_tuning: bool = False,
) -> Record:
    """Trains a row, finetunes its averaged student, and tests both.

    Args:
        name: Of `methods.ROWS`.
        length: Steps, a multiple of `AT_ONCE`.
        seed: Of split, weights and every draw.
        data: What `load` read.
        weight: Of the feedback; 1 if `None`.
        is_tuning: Whether the test is left alone, and nothing is finetuned.

    Returns:
        Plain values: accuracies as fractions, and validation's curve.
    """
    begin = time.perf_counter()
    draws = np.random.default_rng([seed, length])
    state, curve = _learned(name, length, seed, data, weight, draws)
    record = {
        "length": length,
        "row": name,
        "seed": seed,
        "weight": weight,
        "is_tuning": is_tuning,
        "val_accuracy": curve[-1]["accuracy"],
        "curve": curve,
    }
    if not is_tuning:
        test = data.test_images, data.test_labels
        found = _measured(state, *test)
        record |= {f"test_{key}": value for key, value in found.items()}
        rows = data.arrays[f"{seed}/labeled"]
        order = orders(rows, FINETUNE_BATCH, FINETUNE_STEPS, draws)
        student = finetuned(
            state.average,
            jax.random.fold_in(jax.random.key(seed), length),
            data.images,
            data.labels,
            jnp.asarray(order),
        )
        record["test_finetuned"] = accuracy(student, *test)
        record["val_finetuned"] = accuracy(student, *_held_out(data, seed))
    return record | {"seconds": round(time.perf_counter() - begin, 2)}


def _learned(
    name: str,
    length: int,
    seed: int,
    data: Data,
    weight: float | None,
    draws: np.random.Generator,
) -> tuple[State, list[Record]]:
    """The state after all steps, and validation's curve."""
    rows = {p: data.arrays[f"{seed}/{p}"] for p in ("labeled", "unlabeled")}
    plan = {
        "labeled": orders(rows["labeled"], BATCH, length, draws),
        "unlabeled": orders(rows["unlabeled"], BATCH * RATIO, length, draws),
        "numbers": np.arange(length, dtype=np.float32),
        "rates": rates(length),
    }
    has_teacher = ROWS[name].method == "mpl"
    teacher = first(data, "teacher", seed) if has_teacher else None
    state = methods.begun(first(data, "student", seed), teacher)
    key, curve = jax.random.key(seed), []
    for start in range(0, length, AT_ONCE):
        state = _steps(
            name,
            state,
            jax.random.fold_in(key, start),
            data.images,
            data.labels,
            data.tables,
            {k: v[start : start + AT_ONCE] for k, v in plan.items()},
            jnp.float32(1.0 if weight is None else weight),
        )
        done = start + AT_ONCE
        if done % max(AT_ONCE, length // POINTS) == 0 or done == length:
            found = _measured(state, *_held_out(data, seed))
            curve.append({"step": done, **found})
    return state, curve


def _held_out(data: Data, seed: int) -> tuple[Array, Array]:
    """Images and labels to validate on."""
    rows = data.arrays[f"{seed}/validation"]
    return data.images[rows], data.labels[rows]


def _measured(state: State, images: Array, labels: Array) -> Record:
    """Accuracies of the averaged student and of its teacher, if any."""
    found = {"accuracy": accuracy(state.average, images, labels)}
    if state.teacher is not None:
        teacher = state.teacher.network
        found["teacher_accuracy"] = accuracy(teacher, images, labels)
    return found
