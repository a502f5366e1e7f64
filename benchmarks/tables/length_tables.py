"""The tables of the curve over length, from the records that there are."""

from benchmarks.accuracy import length
from benchmarks.accuracy import length_rows
from benchmarks.common.over_seeds import Gap
from benchmarks.common.over_seeds import spread
from benchmarks.common.provenance import where
from benchmarks.common.records import Record
from benchmarks.common.records import read
from benchmarks.tables import length_figures
from benchmarks.tables import markdown
from benchmarks.tables.length_records import ROWS
from benchmarks.tables.length_records import Runs
from benchmarks.tables.length_records import operations

_TITLES = (
    "CIFAR-10, 4,000 labels: test accuracy in %",
    "trained",
    "its teacher",
    "finetuned",
    "finetuned minus teacher",
    "feedback minus none",
    "minus UDA",
    "10^12 operations",
    "processor seconds",
    "seeds",
)
_PICTURES = (
    "![What feedback is worth, and what the student is below its teacher "
    "and UDA, over the length of the training]"
    f"(benchmarks/figures/{length_figures.ANSWER})\n\n"
    "![Accuracy over steps, operations and processor seconds]"
    f"(benchmarks/figures/{length_figures.COSTS})\n\n"
)
NOTHING = "Nothing is recorded yet."


def table() -> str:
    """A row per length and method, and what each is above another one."""
    runs = Runs()
    if not runs.found:
        return NOTHING
    rows: list[list[str]] = []
    for steps in length_rows.LENGTHS:
        known = [row for row in ROWS if (steps, row) in runs.found]
        if known:
            empty = [""] * (len(_TITLES) - 1)
            rows.append([f"**{steps:,} steps**", *empty])
        rows += [_row(runs, steps, row) for row in known]
    shown = _PICTURES if length_figures.draw(runs) else ""
    return markdown.table(_TITLES, rows, shown + _caption(runs))


def _row(runs: Runs, steps: int, row: str) -> list[str]:
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
    seconds = runs.seconds(steps, row)
    return [
        ROWS[row].title,
        *(spread(by_seed.values()) for by_seed in accuracies),
        *map(_said, gaps),
        f"{operations(steps, row) / 1e12:.0f}",
        "" if seconds is None else f"{seconds:,.0f}",
        str(len(runs.found[steps, row])),
    ]


def _said(difference: Gap | float | None) -> str:
    """A difference as text; of one seed it has no error, and says so."""
    if isinstance(difference, float):
        return f"{difference:+.1f} (one seed)"
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


def _caption(runs: Runs) -> str:
    records = [r for by in runs.found.values() for r in by.values()]
    return (
        "32 labelled and 128 unlabelled images a step, `wrn_10_1`; a cosine "
        "and a warm-up of a tenth at every length, then 100 steps of "
        "finetuning. Every teacher that is consistent has the settings of "
        "UDA's row, which were chosen on validation at 300 steps: UDA, no "
        "feedback and feedback differ in nothing else. Weak views pass apart. "
        f"{_weights()} Mean ± standard deviation over seeds, last step, 10,000 "
        "test images; differences are paired by seed, with their standard "
        "error, finetuned; 95 % intervals are ± 4.3 SE at three seeds and "
        "± 12.7 SE at two. Operations are counted, those of finetuning "
        "too; processor seconds are those of a process with one thread that "
        "nothing interrupted, on a processor with AVX-512, with tracing, "
        "validation and tests. "
        f"{where(records)}; records in [benchmarks/results]"
        f"(benchmarks/results/{length.NAME}.jsonl).\n\n{_missing(runs)}"
    )


def _weights() -> str:
    """Says how the weight of the default kind was chosen, or that it is not."""
    tuned = read(length.TUNING)
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


LENGTH = {length.NAME: table}
