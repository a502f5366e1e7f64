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
    """Mean validation accuracy by kind, labels, objective and weight."""
    found = tried()
    weights = sorted(set(itertools.chain.from_iterable(found.values())))
    titles = [f"{weight:g}" for weight in weights]
    lines = [
        "| digits: accuracy of the student on validation images in %, by "
        f"`feedback_weight` | {' | '.join(titles)} |",
        "|---|" + "---:|" * len(weights),
    ]
    means = {}
    for (row, labels, objective), by_weight in found.items():
        means[row, labels, objective] = {
            weight: 100 * statistics.mean(r["accuracy"] for r in records)
            for weight, records in by_weight.items()
        }
    ordered = sorted(means, key=lambda key: (ROWS.index(key[0]), *key[1:]))
    for row, labels, objective in ordered:
        title = (
            f"{ABLATION_ROWS[row]}; {labels} labels, {OBJECTIVES[objective]}"
        )
        lines.append(_line(title, weights, means[row, labels, objective]))
    everywhere = [w for w in weights if all(w in m for m in means.values())]
    overall = {
        weight: statistics.mean(m[weight] for m in means.values())
        for weight in everywhere
    }
    title = f"**mean of the {len(means)}**"
    lines.append(_line(title, weights, overall))
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
