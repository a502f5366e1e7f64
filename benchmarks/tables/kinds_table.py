"""Every kind of feedback at every number of labels, in one table."""

import statistics

from benchmarks.accuracy.ablation_rows import ROWS
from benchmarks.common.over_seeds import gap
from benchmarks.common.provenance import where
from benchmarks.tables.feedback_tables import ablation_runs
from benchmarks.tables.feedback_tables import accuracies
from benchmarks.tables.feedback_tables import line

NUMBERS = (10, 20, 50, 100)
SAMPLES = "none_sampled"


def _kinds(runs):
    """The rows of a kind and scale alone that every number of labels has."""
    return [
        row
        for row in ROWS
        if ROWS[row].weights
        and not ROWS[row].against
        and all(row in by_row for by_row in runs.values())
    ]


def _over_numbers(runs, row, key):
    """By seed, the mean over the numbers of labels."""
    each = [accuracies(by_row.get(row, {}), key) for by_row in runs.values()]
    common = set.intersection(*map(set, each))
    return {s: statistics.mean(one[s] for one in each) for s in common}


def kinds_table():
    """Differences from the same without feedback, paired by seed.

    The last columns are of a seed's mean over the numbers of labels: a seed
    is one draw, however often it was used.
    """
    runs = {n: ablation_runs(n, "supervised") for n in NUMBERS}
    kinds = _kinds(runs)
    if not kinds:
        return ""
    titles = [
        "digits: student minus `none` from samples, points",
        *(f"{number} labels" for number in NUMBERS),
        "mean of these",
        "mean, minus `none`",
        "mean, minus labels alone",
        "mean, teacher minus that of `none`",
        "seeds",
    ]
    lines = [line(titles), "|---|" + "---:|" * (len(titles) - 1)]
    for row in kinds:
        cells = [ROWS[row].title]
        for by_row in runs.values():
            samples = accuracies(by_row[SAMPLES])
            cells.append(str(gap(accuracies(by_row[row]), samples)))
        for other, key in (
            (SAMPLES, "accuracy"),
            ("none", "accuracy"),
            ("supervised", "accuracy"),
            ("none", "teacher_accuracy"),
        ):
            ours, theirs = (_over_numbers(runs, r, key) for r in (row, other))
            found = gap(ours, theirs)
            cells.append(found.with_t)
        lines.append(line([*cells, str(found.number)]))
    shown = [
        record
        for by_row in runs.values()
        for row in (*kinds, SAMPLES, "none", "supervised")
        for record in by_row[row].values()
    ]
    return "\n".join([*lines, "", f"{where(shown)}."])
