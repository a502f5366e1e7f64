"""What `feedback_weight` should be where nobody names one: by validation."""

import itertools
import statistics

from benchmarks.accuracy import feedback_ablation
from benchmarks.accuracy.ablation_rows import ROWS
from benchmarks.common.provenance import where
from benchmarks.common.records import read
from benchmarks.tables.feedback_tables import OBJECTIVES

SOFT = ("soft_centered", "soft")
SAMPLED = ("hard", "hard_expected", "hard_expected_centered")
CONSTANT = (*SOFT, *SAMPLED)
VARIED = (
    "soft_centered_falling",
    "soft_centered_normalised",
    "soft_centered_clipped",
    "soft_centered_labels",
)


def tried():
    """Returns the tuning records of the cosine kinds, by table and weight.

    Of tables whose every weight has every seed.
    """
    found = {}
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


def means(objective):
    """Mean accuracy in percent, by kind and labels, by weight."""
    return {
        (row, labels): {
            weight: 100 * statistics.mean(r["accuracy"] for r in records)
            for weight, records in by_weight.items()
        }
        for (row, labels, own), by_weight in tried().items()
        if own == objective
    }


def overall(each, kinds=CONSTANT):
    """Mean of these kinds' rows, by the weights that all have."""
    rows = [by for (row, _), by in each.items() if row in kinds]
    return {
        weight: statistics.mean(by[weight] for by in rows)
        for weight in rows[0]
        if all(weight in by for by in rows)
    }


def weights_table():
    """Mean validation accuracy by objective, kind, labels and weight.

    The mean of the kinds as they are, then those with something changed.
    """
    found = tried()
    weights = sorted(set(itertools.chain.from_iterable(found.values())))
    titles = [f"{weight:g}" for weight in weights]
    lines = [
        "| digits: accuracy of the student on validation images in %, by "
        f"`feedback_weight` | {' | '.join(titles)} |",
        "|---|" + "---:|" * len(weights),
    ]
    for objective, title in OBJECTIVES.items():
        each = means(objective)
        rows = {
            (row, labels): _line(
                f"{title}: {ROWS[row].title}; {labels} labels", weights, by
            )
            for (row, labels), by in each.items()
        }
        order = (*CONSTANT, *VARIED)
        keys = sorted(rows, key=lambda key: (order.index(key[0]), key[1]))
        constant = [rows[key] for key in keys if key[0] in CONSTANT]
        if len(constant) > 1:
            name = f"**{title}: mean of these {len(constant)}**"
            constant.append(_line(name, weights, overall(each)))
            for word, kinds in (("`soft`", SOFT), ("the sampled", SAMPLED)):
                name = f"**{title}: mean of {word} among them**"
                constant.append(_line(name, weights, overall(each, kinds)))
        lines += constant
        lines += [rows[key] for key in keys if key[0] in VARIED]
    shown = [r for by in found.values() for each in by.values() for r in each]
    seeds = len(feedback_ablation.TUNING_SEEDS)
    return "\n".join([*lines, "", f"Mean over {seeds} seeds. {where(shown)}."])


def _line(title, weights, means):
    best = max(means.values())
    cells = []
    for weight in weights:
        mean = means.get(weight)
        text = "" if mean is None else f"{mean:.1f}"
        cells.append(f"**{text}**" if mean == best else text)
    return f"| {title} | {' | '.join(cells)} |"
