"""The tables of the curve over length: the package's runs, and those in JAX."""

import math
import statistics
from collections.abc import Callable

from benchmarks.accuracy import length
from benchmarks.accuracy import length_rows
from benchmarks.common.over_seeds import Gap
from benchmarks.common.over_seeds import spread
from benchmarks.common.provenance import where
from benchmarks.common.records import Record
from benchmarks.replication import collect
from benchmarks.tables import length_figures
from benchmarks.tables import markdown
from benchmarks.tables.length_records import ROWS
from benchmarks.tables.length_records import Runs
from benchmarks.tables.length_records import agreement
from benchmarks.tables.length_records import by_the_package
from benchmarks.tables.length_records import in_jax
from benchmarks.tables.length_records import operations
from benchmarks.tables.length_records import searched

_TITLES = (
    "CIFAR-10, 4,000 labels: test accuracy in %",
    "trained",
    "its teacher",
    "finetuned",
    "finetuned minus teacher",
    "feedback minus none",
    "minus UDA",
)
_COSTS = ("10^12 operations", "processor seconds")
_OTHERS = ("minus labels alone",)
_PICTURES = (
    "![What feedback is worth, and what the student is below its teacher "
    "and UDA, over the length of the training]"
    f"(benchmarks/figures/{length_figures.ANSWER})\n\n"
    "![Accuracy over steps, operations and processor seconds]"
    f"(benchmarks/figures/{length_figures.COSTS})\n\n"
)
NOTHING = "Nothing is recorded yet."


def table() -> str:
    """The package's runs: a row per length and method, and what it costs."""
    runs = by_the_package()
    if not runs.found:
        return NOTHING
    titles = (*_TITLES, *_COSTS, "seeds")
    return markdown.table(titles, _lines(runs, _costs), _caption(runs))


def table_in_jax() -> str:
    """The runs in JAX likewise, the figures of both, and how they agree."""
    runs, package = in_jax(), by_the_package()
    if not runs.found:
        return NOTHING
    titles = (*_TITLES, *_OTHERS, "seeds")
    shown = _PICTURES if length_figures.draw(runs, package) else ""
    caption = shown + _caption_in_jax(runs, package)
    return markdown.table(titles, _lines(runs, _beside_labels), caption)


def _lines(
    runs: Runs, more: Callable[[Runs, int, str], list[str]]
) -> list[list[str]]:
    lines: list[list[str]] = []
    for steps in length_rows.LENGTHS:
        known = [row for row in ROWS if (steps, row) in runs.found]
        made = [_row(runs, steps, row, more(runs, steps, row)) for row in known]
        if made:
            lines.append([f"**{steps:,} steps**", *[""] * (len(made[0]) - 1)])
        lines += made
    return lines


def _row(runs: Runs, steps: int, row: str, more: list[str]) -> list[str]:
    accuracies = (
        runs.trained(steps, row),
        runs.teacher(steps, row),
        runs.finetuned(steps, row),
    )
    gaps = (
        runs.over_teacher(steps, row),
        runs.over_none(steps, row),
        runs.over_uda(steps, row),
    )
    number = len(runs.found[steps, row])
    return [
        ROWS[row].title,
        *(spread(by_seed.values()) for by_seed in accuracies),
        *(_said(gap, number) for gap in gaps),
        *more,
        str(number),
    ]


def _costs(runs: Runs, steps: int, row: str) -> list[str]:
    seconds = runs.seconds(steps, row)
    return [
        f"{operations(steps, row) / 1e12:.0f}",
        "" if seconds is None else f"{seconds:,.0f}",
    ]


def _beside_labels(runs: Runs, steps: int, row: str) -> list[str]:
    number = len(runs.found[steps, row])
    return [_said(runs.over_labels(steps, row), number)]


def _said(difference: Gap | float | None, number: int) -> str:
    """A difference as text, and of how many seeds if not of the row's.

    Args:
        difference: Of one seed a number, which has no error.
        number: Seeds of the row.
    """
    if isinstance(difference, float):
        return f"{difference:+.1f} (one seed)"
    if difference and difference.number != number:
        return f"{str(difference)[:-1]}, {difference.number} seeds)"
    return str(difference or "")


def _missing(runs: Runs) -> str:
    """Says how many seeds of each row have no record yet."""
    found = []
    for steps in length_rows.LENGTHS:
        counts = [
            f"{ROWS[row].title} {len(runs.missing[steps, row])}"
            for row in ROWS
            if (steps, row) in runs.missing
        ]
        if counts:
            found.append(f"{steps:,} steps: {', '.join(counts)}")
    if not found:
        return "All planned runs are there."
    return (
        f"**Not finished yet**, in seeds that are missing. {'; '.join(found)}."
    )


_SETTINGS = (
    "32 labelled and 128 unlabelled images a step, `wrn_10_1`; a cosine and a "
    "warm-up of a tenth at every length, then 100 steps of finetuning. Every "
    "teacher that is consistent has the settings of UDA's row, which were "
    "chosen on validation at 300 steps: UDA, no feedback and feedback differ "
    "in nothing else. Weak views pass apart."
)
_ERRORS = (
    "Mean ± standard deviation over seeds, last step, 10,000 test images; "
    "differences are paired by seed, with their standard error, finetuned; "
    "95 % intervals are ± 3.2 SE at four seeds, ± 4.3 SE at three and "
    "± 12.7 SE at two."
)
_COSTED = (
    "Operations are counted, those of finetuning too; processor seconds are "
    "those of a process with one thread that nothing interrupted, on a "
    "processor with AVX-512, with tracing, validation and tests."
)


def _caption(runs: Runs) -> str:
    return (
        f"{_SETTINGS} {_weights(length.TUNING)} {_ERRORS} {_COSTED} "
        f"{_source(runs, length.NAME)}\n\n{_missing(runs)}"
    )


def _caption_in_jax(runs: Runs, package: Runs) -> str:
    return (
        f"{_SETTINGS} {_weights(collect.TUNING)} {_ERRORS} A difference of "
        "fewer seeds than its row has says so. Matrix products and "
        "convolutions are at JAX's default precision, TF32 on this GPU. In the "
        "figures, crosses and processor seconds are the package's, and "
        f"operations are counted for its step. {_COSTED} "
        f"{_agreement(runs, package)} {_source(runs, collect.NAME)}"
    )


def _source(runs: Runs, name: str) -> str:
    records = [r for by in runs.found.values() for r in by.values()]
    return (
        f"{where(records)}; records in [benchmarks/results]"
        f"(benchmarks/results/{name}.jsonl)."
    )


def _agreement(runs: Runs, package: Runs) -> str:
    """Says how far the two implementations are apart where both have a run."""
    gaps = agreement(runs, package)
    if len(gaps) < 2:
        return "The package has no such run to compare with yet."
    middle, error = statistics.median(gaps), _error(gaps)
    return (
        f"In the {len(gaps)} runs that the package has made too, with the "
        "same images, labels and first weights but other draws, these are "
        f"{statistics.mean(gaps):+.1f} points (SE {error:.1f}) from the "
        f"package's, finetuned, {middle:+.1f} in the median and "
        f"{min(gaps):+.1f} to {max(gaps):+.1f}; the error takes the runs of a "
        "seed as independent, which they are not quite."
    )


def _error(values: list[float]) -> float:
    return statistics.stdev(values) / math.sqrt(len(values))


def _weights(name: str) -> str:
    """Says how the weight of the default kind was chosen, or that it is not."""
    tuned = searched(name)
    weight = length_rows.chosen_weight("default", tuned)
    start = "Eq. 3 has its own unit, weight 1; the default kind's weight"
    if weight is None:
        return f"{start} has not been chosen yet."
    return (
        f"{start}, {weight:g}, is the best on validation at "
        f"{length_rows.TUNED_AT:,} steps, seed {length_rows.TUNING_SEED}, of "
        f"{_tried(tuned)}; it is kept at the other lengths."
    )


def _tried(tuned: list[Record]) -> str:
    return ", ".join(
        f"{r['weight']:g} ({100 * r['val_accuracy']:.1f} %)"
        for r in sorted(tuned, key=lambda r: r["weight"])
        if r["row"] == "default"
    )


LENGTH = {length.NAME: table, collect.NAME: table_in_jax}
