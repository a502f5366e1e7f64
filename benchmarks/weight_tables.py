"""What `feedback_weight` should be where nobody names one: by validation."""

import itertools
import statistics

import feedback_ablation
from feedback_tables import ABLATION_ROWS
from feedback_tables import OBJECTIVES
from provenance import where
from records import read

ROWS = ("soft_centered", "soft", "hard", "hard_expected")


def tried():
    """Returns the tuning records of the cosine kinds, by table and weight."""
    found = {}
    for r in read(feedback_ablation.NAME):
        if r["stage"] != "tune" or r["row"] not in ROWS:
            continue
        today = feedback_ablation.overrides(
            r["row"], r["labels"], r["objective"], r["weight"]
        )
        if r["settings"] == list(today):
            table = (r["row"], r["labels"], r["objective"])
            found.setdefault(table, {}).setdefault(r["weight"], []).append(r)
    return found


def weights_table():
    """Mean validation accuracy by objective, kind, labels and weight."""
    found = tried()
    weights = sorted(set(itertools.chain.from_iterable(found.values())))
    titles = [f"{weight:g}" for weight in weights]
    lines = [
        "| digits: accuracy of the student on validation images in %, by "
        f"`feedback_weight` | {' | '.join(titles)} |",
        "|---|" + "---:|" * len(weights),
    ]
    for objective, title in OBJECTIVES.items():
        means = {
            (row, labels): {
                weight: 100 * statistics.mean(r["accuracy"] for r in records)
                for weight, records in by_weight.items()
            }
            for (row, labels, own), by_weight in found.items()
            if own == objective
        }
        for row, labels in sorted(
            means, key=lambda k: (ROWS.index(k[0]), k[1])
        ):
            name = f"{title}: {ABLATION_ROWS[row]}; {labels} labels"
            lines.append(_line(name, weights, means[row, labels]))
        overall = {
            weight: statistics.mean(m[weight] for m in means.values())
            for weight in weights
            if all(weight in m for m in means.values())
        }
        name = f"**{title}: mean of these {len(means)}**"
        lines.append(_line(name, weights, overall))
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
