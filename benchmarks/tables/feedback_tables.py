"""What feedback is worth on digits: a table and a plot for each setting."""

import itertools

from benchmarks.accuracy.ablation_rows import ROWS
from benchmarks.common import folders
from benchmarks.common.over_seeds import gap
from benchmarks.common.over_seeds import spread
from benchmarks.common.provenance import where
from benchmarks.tables import ablation_records
from benchmarks.tables import forest_plot
from benchmarks.tables import markdown
from benchmarks.tables.ablation_records import OBJECTIVES
from benchmarks.tables.ablation_records import BySeed
from benchmarks.tables.ablation_records import accuracies

_TITLES = (
    "weight",
    "student",
    "teacher",
    "student, labelled images",
    "teacher, labelled images",
    "student minus labels alone",
    "student minus `none`",
    "student minus `none` from samples",
    "student minus the row it varies",
    "teacher minus that of `none`",
    "seeds",
)
_ACCURACIES = (
    "accuracy",
    "teacher_accuracy",
    "train_accuracy",
    "train_teacher_accuracy",
)


def _minus(ours: BySeed, theirs: BySeed | None, key: str = "accuracy") -> str:
    """Returns the paired difference with its t; nothing if there is none."""
    if not theirs or theirs is ours:
        return ""
    found = gap(accuracies(ours, key), accuracies(theirs, key))
    if found is None or not found.error:
        return ""
    return found.with_t


def ablation_table(labels: int, objective: str) -> str:
    """One line per row: accuracies, and the paired differences from others."""
    runs = ablation_records.runs(labels, objective)
    rows = []
    for row, by_seed in runs.items():
        weight = next(iter(by_seed.values()))["weight"]
        others = ("supervised", "none", "none_sampled", ROWS[row].against)
        cells = [
            ROWS[row].title,
            "" if weight is None else f"{weight:g}",
            *(spread(accuracies(by_seed, k).values()) for k in _ACCURACIES),
            *(_minus(by_seed, runs.get(other)) for other in others),
            _minus(by_seed, runs.get("none"), "teacher_accuracy"),
            str(len(by_seed)),
        ]
        rows.append(cells)
    title = f"digits, {labels} labels, {OBJECTIVES[objective]}: accuracy in %"
    return markdown.table((title, *_TITLES), rows)


_WORTH_ROWS = {
    "supervised": "labels alone",
    "uda": "UDA",
    "none": "no feedback",
    "none_sampled": "no feedback, samples",
    "soft_centered": "**Meta Pseudo Labels**",
}
_WORTH_OTHERS = {
    "supervised": "minus labels alone",
    "none": "minus no feedback",
    "none_sampled": "minus no feedback, samples",
}


def worth_table() -> str:
    """The ablation in short: the default against none, a line per setting."""
    titles = ["digits: test accuracy of the student in %"]
    titles += [*_WORTH_ROWS.values(), *_WORTH_OTHERS.values(), "seeds"]
    rows, records = [], []
    for objective, labels in itertools.product(
        OBJECTIVES, ablation_records.label_counts()
    ):
        runs = ablation_records.runs(labels, objective)
        if not runs.get("soft_centered") or "none" not in runs:
            continue
        runs = {row: runs.get(row, {}) for row in _WORTH_ROWS}
        each = {row: accuracies(by_seed) for row, by_seed in runs.items()}
        ours = each["soft_centered"]
        differences = (gap(ours, each[row]) for row in _WORTH_OTHERS)
        cells = [f"{labels} labels, {OBJECTIVES[objective]}"]
        cells += [spread(values.values()) for values in each.values()]
        cells += [str(found or "") for found in differences]
        rows.append([*cells, str(len(runs["soft_centered"]))])
        records += ablation_records.flat(runs)
    return markdown.table(titles, rows, f"{where(records)}.") if rows else ""


def ablation() -> str:
    """The tables of every number of labels, and the plot of each."""
    parts, records = [], []
    for labels, objective in itertools.product(
        ablation_records.label_counts(), OBJECTIVES
    ):
        runs = ablation_records.runs(labels, objective)
        if len(runs.get("none", ())) < 2:
            continue
        records += ablation_records.flat(runs)
        path = folders.FIGURES / f"ablation_{labels}_{objective}.png"
        forest_plot.draw(labels, objective, path)
        link = path.relative_to(folders.ROOT)
        parts += [
            ablation_table(labels, objective),
            f"![Differences from no feedback, {labels} labels, "
            f"{OBJECTIVES[objective]}]({link})",
        ]
    if not parts:
        return ""  # tuned, not yet tested
    return "\n\n".join([*parts, f"{where(records)}."])
