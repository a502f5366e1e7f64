"""Which `feedback_weight` validation chooses, for those who name none."""

import itertools
import statistics
from collections.abc import Mapping
from collections.abc import Sequence

from benchmarks.accuracy import feedback_ablation
from benchmarks.accuracy.ablation_rows import ROWS
from benchmarks.common.provenance import where
from benchmarks.common.records import Record
from benchmarks.common.records import read
from benchmarks.tables import markdown
from benchmarks.tables.ablation_records import OBJECTIVES

SOFT = ("soft_centered", "soft")
SAMPLED = ("hard", "hard_expected", "hard_expected_centered")
CONSTANT = (*SOFT, *SAMPLED)
VARIED = (
    "soft_centered_falling",
    "soft_centered_normalised",
    "soft_centered_clipped",
    "soft_centered_labels",
)


Row = tuple[str, int]  # of the ablation, and the number of labels
Means = dict[float, float]  # by weight, in percent


def tried() -> dict[tuple[str, int, str], dict[float, list[Record]]]:
    """Returns the tuning records of the cosine kinds.

    They are ordered by row, labels and objective, then by weight. A row
    counts once every weight has every seed.
    """
    found: dict[tuple[str, int, str], dict[float, list[Record]]] = {}
    for r in read(feedback_ablation.NAME):
        if r["stage"] != "tune" or r["row"] not in (*CONSTANT, *VARIED):
            continue
        today = feedback_ablation.overrides(
            r["row"], r["labels"], r["objective"], r["weight"]
        )
        if r["settings"] == list(today):
            table = (r["row"], r["labels"], r["objective"])
            found.setdefault(table, {}).setdefault(r["weight"], []).append(r)
    return {
        table: by_weight
        for table, by_weight in found.items()
        if all(
            len(by_weight.get(weight, ()))
            == len(feedback_ablation.TUNING_SEEDS)
            for weight in ROWS[table[0]].weights
        )
    }


def means(objective: str) -> dict[Row, Means]:
    """Returns the mean accuracy of each row and number of labels."""
    return {
        (row, labels): {
            weight: 100 * statistics.mean(r["accuracy"] for r in records)
            for weight, records in by_weight.items()
        }
        for (row, labels, own), by_weight in tried().items()
        if own == objective
    }


def overall(
    each: Mapping[Row, Means], kinds: Sequence[str] = CONSTANT
) -> Means:
    """Returns the mean of some kinds' rows, for the weights that all have."""
    rows = [by for (row, _), by in each.items() if row in kinds]
    return {
        weight: statistics.mean(by[weight] for by in rows)
        for weight in rows[0]
        if all(weight in by for by in rows)
    }


def weights_table() -> str:
    """Mean validation accuracy by objective, kind, labels and weight.

    The mean of the kinds as they are comes first, then those with something
    changed.
    """
    found = tried()
    weights = sorted(set(itertools.chain.from_iterable(found.values())))
    title = (
        "digits: accuracy of the student on validation images in %, by "
        "`feedback_weight`"
    )
    rows = [
        row for objective in OBJECTIVES for row in _rows(objective, weights)
    ]
    records = [r for by in found.values() for each in by.values() for r in each]
    seeds = len(feedback_ablation.TUNING_SEEDS)
    note = f"Mean over {seeds} seeds. {where(records)}."
    titles = (title, *(f"{weight:g}" for weight in weights))
    return markdown.table(titles, rows, note)


def _rows(objective: str, weights: Sequence[float]) -> list[list[str]]:
    """Returns the rows of an objective, with means under those of the kinds."""
    title, each = OBJECTIVES[objective], means(objective)
    order = (*CONSTANT, *VARIED)
    keys = sorted(each, key=lambda key: (order.index(key[0]), key[1]))
    rows = {
        (row, labels): _row(
            f"{title}: {ROWS[row].title}; {labels} labels",
            weights,
            each[row, labels],
        )
        for row, labels in keys
    }
    constant = [rows[key] for key in keys if key[0] in CONSTANT]
    if len(constant) > 1:
        name = f"**{title}: mean of these {len(constant)}**"
        constant.append(_row(name, weights, overall(each)))
        for word, kinds in (("`soft`", SOFT), ("the sampled", SAMPLED)):
            name = f"**{title}: mean of {word} among them**"
            constant.append(_row(name, weights, overall(each, kinds)))
    return constant + [rows[key] for key in keys if key[0] in VARIED]


def _row(title: str, weights: Sequence[float], found: Means) -> list[str]:
    """Returns a row whose best mean is bold."""
    best = max(found.values())
    cells = []
    for weight in weights:
        mean = found.get(weight)
        text = "" if mean is None else f"{mean:.1f}"
        cells.append(f"**{text}**" if mean == best else text)
    return [title, *cells]
