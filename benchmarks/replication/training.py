"""A training of one row: its batches, its schedule, finetuning, and its tests.

Many steps are one program: their views are made together, and a scan takes the
steps. What batch a step sees follows from the seed and its number.
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
POINTS = 20  # of a curve
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
    """Reads what `prepare` wrote."""
    with np.load(folder / arrays.ARRAYS) as file:
        kept = dict(file)
    return Data(
        jnp.asarray(arrays.images(folder, "train")),
        jnp.asarray(kept["labels"], jnp.int32),
        jnp.asarray(arrays.images(folder, "test")),
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


@functools.partial(jax.jit, static_argnames=("name", "half"))
def _steps(
    name: str,
    half: int,
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
    tables = tables._replace(cutout_half=half)

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
def _finetuned(
    student: Network, key: Array, images: Array, labels: Array, rows: Array
) -> Network:
    """Plain SGD on the given labels; BatchNorm takes the batch's statistics."""

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
    """
    begin = time.perf_counter()
    rows = {
        part: data.arrays[f"{seed}/{part}"]
        for part in ("labeled", "unlabeled", "validation")
    }
    draws = np.random.default_rng([seed, length])
    plan = {
        "labeled": orders(rows["labeled"], BATCH, length, draws),
        "unlabeled": orders(rows["unlabeled"], BATCH * RATIO, length, draws),
        "numbers": np.arange(length, dtype=np.float32),
        "rates": rates(length),
    }
    held_out = data.images[rows["validation"]], data.labels[rows["validation"]]
    has_teacher = ROWS[name].method == "mpl"
    state = methods.begun(
        first(data, "student", seed),
        first(data, "teacher", seed) if has_teacher else None,
    )
    every = max(AT_ONCE, length // POINTS)
    key, curve = jax.random.key(seed), []
    for start in range(0, length, AT_ONCE):
        state = _steps(
            name,
            data.tables.cutout_half,
            state,
            jax.random.fold_in(key, start),
            data.images,
            data.labels,
            data.tables,
            {k: v[start : start + AT_ONCE] for k, v in plan.items()},
            jnp.float32(1.0 if weight is None else weight),
        )
        done = start + AT_ONCE
        if done % every == 0 or done == length:
            point = {"step": done, **_measured(state, *held_out)}
            curve.append(point)
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
        record |= {f"test_{k}": v for k, v in found.items()}
        order = orders(rows["labeled"], FINETUNE_BATCH, FINETUNE_STEPS, draws)
        tuned = _finetuned(
            state.average,
            jax.random.fold_in(key, length),
            data.images,
            data.labels,
            jnp.asarray(order),
        )
        record["test_finetuned"] = accuracy(tuned, *test)
        record["val_finetuned"] = accuracy(tuned, *held_out)
    return record | {"seconds": round(time.perf_counter() - begin, 2)}


def _measured(state: State, images: Array, labels: Array) -> Record:
    """Accuracies of the averaged student and of its teacher, if any."""
    found = {"accuracy": accuracy(state.average, images, labels)}
    if state.teacher is not None:
        teacher = state.teacher.network
        found["teacher_accuracy"] = accuracy(teacher, images, labels)
    return found
