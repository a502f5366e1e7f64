"""Compares the seconds that counted operations predict with measured ones.

    python -m benchmarks.tables.cost_check

The runs were recorded on this CPU. In each group one row tells how many FLOP/s
were reached, and the other rows' seconds per step are predicted from that.
The paper's own days on 2,048 TPU cores tell which part of the peak its authors
must have reached.
"""

import statistics
from collections.abc import Iterator
from typing import NamedTuple

from absl import app

from benchmarks.accuracy import feedback_ablation
from benchmarks.accuracy.ablation_rows import ROWS
from benchmarks.common.records import read
from benchmarks.speed import cost
from benchmarks.tables import markdown
from keras_mpl import recipes
from keras_mpl.recipes.cifar10_short import CIFAR10_SHORT
from keras_mpl.recipes.work import step_work


class Measured(NamedTuple):
    """Runs of one kind.

    Attributes:
        group: Names what ran under the same circumstances.
        title: For people.
        recipe: What ran.
        seconds: Of one step, for each run.
    """

    group: str
    title: str
    recipe: recipes.Recipe
    seconds: list[float]


class Compared(NamedTuple):
    """A row of the table.

    Attributes:
        title: For people.
        runs: How many were measured.
        seconds: Of one step, the median of the runs.
        predicted: Of one step.
    """

    title: str
    runs: int
    seconds: float
    predicted: float


_DIGITS = "digits_20: seconds of the clock, traced anew, validation included"
_ABLATION = "ablation, 20 labels: seconds of the clock, a traced model reused"
_SHORT = "CIFAR-10, short: seconds of the clock, one core, validation included"
_MEMORY = "reduced_memory: seconds of the processor"
REFERENCES = {
    _SHORT: "cifar10_4k_short_none",
    _DIGITS: "digits_20_none",
    _ABLATION: "none",
    _MEMORY: "mpl",
}


def measured() -> Iterator[Measured]:
    """Yields the runs that have records."""
    yield from _short()
    yield from _digits()
    yield from _ablation()
    yield from _memory()


def _short() -> Iterator[Measured]:
    """Yields the stages `train`; a fixed teacher has a stage of its own."""
    for recipe in CIFAR10_SHORT:
        seconds = [
            stage["seconds"] / recipe.train_steps
            for row in read("table2_short")
            if row["fingerprint"] == recipe.fingerprint()
            for stage in row["stages"]
            if stage["stage"] == "train"
        ]
        yield Measured(_SHORT, recipe.name, recipe, seconds)


def _digits() -> Iterator[Measured]:
    for recipe in recipes.resolve(recipes.find("digits_20")):
        seconds = [
            row["seconds"] / row["train_steps_done"]
            for row in read("digits_20")
            if row["fingerprint"] == recipe.fingerprint()
        ]
        yield Measured(_DIGITS, recipe.name, recipe, seconds)


def _ablation() -> Iterator[Measured]:
    kept: dict[tuple[str, str, tuple[str, ...]], list[float]] = {}
    for row in read(feedback_ablation.NAME):
        if row["labels"] == 20:
            key = row["row"], row["objective"], tuple(row["settings"])
            kept.setdefault(key, []).append(row["seconds"])
    merged: dict[str, tuple[recipes.Recipe, list[float]]] = {}
    for (name, objective, settings), seconds in kept.items():
        base = recipes.find(ROWS[name].recipe)
        recipe = recipes.override(base, settings)
        if recipe.stages.pretrain_steps:  # a fixed teacher is traced anew
            continue
        title = name if objective in ("", "supervised") else f"{name}, uda"
        each = [value / recipe.train_steps for value in seconds]
        merged.setdefault(title, (recipe, []))[1].extend(each)
    for title, (recipe, seconds) in merged.items():
        yield Measured(_ABLATION, title, recipe, seconds)


def _memory() -> Iterator[Measured]:
    records = read("reduced_memory")
    if not records:
        return
    record = records[-1]
    base = recipes.find("cifar10_4k")
    shared = [
        f"{key}={record[key]}" for key in ("batch_size", "unlabeled_ratio")
    ]
    shared += [f"model={record['student']}"]
    shared += [f"model.teacher_network={record['teacher']}"]
    reduced = ["stages.use_reduced_teacher=true", "data.stored_probs=x"]
    own = {"mpl": [], "reduced": reduced}
    for row in record["rows"]:
        recipe = recipes.override(base, [*shared, *own[row["variant"]]])
        seconds = [row["cpu_seconds_per_step"]]
        yield Measured(_MEMORY, row["variant"], recipe, seconds)


def compared() -> Iterator[tuple[str, float, list[Compared]]]:
    """Yields each group with the FLOP/s that its reference reached."""
    found = [one for one in measured() if one.seconds]
    for group, reference in REFERENCES.items():
        of_group = {one.title: one for one in found if one.group == group}
        if reference not in of_group:
            continue
        one = of_group[reference]
        counted = cost.flops(one.recipe, step_work(one.recipe))
        rate = counted / statistics.median(one.seconds)
        rows = [
            Compared(
                title,
                len(one.seconds),
                statistics.median(one.seconds),
                cost.seconds_per_step(one.recipe, rate),
            )
            for title, one in of_group.items()
        ]
        yield group, rate, rows


def table() -> str:
    """Returns measured and predicted seconds, a table for each group."""
    parts = []
    for group, rate, rows in compared():
        reached = f"`{REFERENCES[group]}` reached {rate / 1e9:.2f} GFLOP/s"
        titles = (
            f"{group}; {reached}",
            "runs",
            "measured, ms a step",
            "predicted",
            "measured / predicted",
        )
        cells = [
            (
                f"`{row.title}`",
                str(row.runs),
                f"{1e3 * row.seconds:.1f}",
                f"{1e3 * row.predicted:.1f}",
                f"{row.seconds / row.predicted:.2f}",
            )
            for row in rows
        ]
        parts.append(markdown.table(titles, cells))
    return "\n\n".join([*parts, _papers_days()])


def _papers_days() -> str:
    """Says which part of the peak the paper's days imply."""
    chips, peak = 1024, 123e12  # of TPU v3: two cores a chip, bfloat16
    parts = []
    for name, days in (
        ("imagenet_jft_mpl_l2", 11),
        ("imagenet_jft_mpl_b6_wide", 10),
    ):
        recipe = recipes.find(name)
        step = cost.flops(recipe, step_work(recipe)) * recipe.train_steps
        part = step / (chips * peak * days * 86_400)
        parts.append(f"{part:.0%} (`{name}`, {days} days)")
    return (
        "The paper's days on 2,048 TPU v3 cores, at 123 TFLOP/s for two of "
        f"them, imply {' and '.join(parts)} of the peak for what is counted "
        "here; how they trained is not known in all, and ours has 317 M "
        "parameters where their B6-Wide has 390 M."
    )


def main(argv: list[str]) -> None:
    """Prints the table."""
    del argv
    print(table())


if __name__ == "__main__":
    app.run(main)
