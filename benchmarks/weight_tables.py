"""What `feedback_weight` should be where nobody names one: by validation."""

import itertools
import statistics

import feedback_ablation
from feedback_tables import ABLATION_ROWS
from feedback_tables import OBJECTIVES
from provenance import where
from records import read

CONSTANT = ("soft_centered", "soft", "hard", "hard_expected")
FALLING = "soft_centered_falling"


def tried():
    """Returns the tuning records of the cosine kinds, by table and weight."""
    found = {}
    for r in read(feedback_ablation.NAME):
        if r["stage"] != "tune" or r["row"] not in (*CONSTANT, FALLING):
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
        lines += _lines(title, weights, means)
    shown = [r for by in found.values() for each in by.values() for r in each]
    seeds = len(feedback_ablation.TUNING_SEEDS)
    return "\n".join([*lines, "", f"Mean over {seeds} seeds. {where(shown)}."])


def _lines(title, weights, means):
    """A line per kind and labels, their mean, and the falling weight's."""
    lines = {}
    for (row, labels), mean in means.items():
        name = f"{title}: {ABLATION_ROWS[row]}; {labels} labels"
        lines[row, labels] = _line(name, weights, mean)
    constant = sorted(
        (key for key in means if key[0] in CONSTANT),
        key=lambda key: (CONSTANT.index(key[0]), key[1]),
    )
    overall = {
        weight: statistics.mean(means[key][weight] for key in constant)
        for weight in weights
        if all(weight in means[key] for key in constant)
    }
    name = f"**{title}: mean of these {len(constant)}**"
    falling = sorted(key for key in means if key[0] == FALLING)
    return [
        *(lines[key] for key in constant),
        _line(name, weights, overall),
        *(lines[key] for key in falling),
    ]


def _line(title, weights, means):
    best = max(means.values())
    cells = []
    for weight in weights:
        mean = means.get(weight)
        text = "" if mean is None else f"{mean:.1f}"
        cells.append(f"**{text}**" if mean == best else text)
    return f"| {title} | {' | '.join(cells)} |"
