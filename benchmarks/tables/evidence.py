"""What the feedback is worth, as tables and figures from the records.

The records are those of `two_moons.py`, `feedback_ablation.py`, `centering.py`
and `alignment.py`. What has no record yet is left out, and never filled in.
"""

import itertools
import math
import statistics

from benchmarks.accuracy import alignment
from benchmarks.accuracy import centering
from benchmarks.accuracy import feedback_ablation
from benchmarks.accuracy import imbalance
from benchmarks.accuracy import moving_statistics
from benchmarks.accuracy import short_defaults
from benchmarks.accuracy import two_moons
from benchmarks.accuracy.two_moons_settings import SETTINGS
from benchmarks.common.over_seeds import spread
from benchmarks.common.provenance import where
from benchmarks.common.records import Record
from benchmarks.common.records import read
from benchmarks.tables import defaults_table
from benchmarks.tables import feedback_tables
from benchmarks.tables import imbalance_table
from benchmarks.tables import kinds_table
from benchmarks.tables import markdown
from benchmarks.tables import statistics_table
from benchmarks.tables import weight_tables
from benchmarks.tables.ablation_records import OBJECTIVES

MOONS_ROWS = {
    "supervised": "supervised",
    "pseudo_labels": "pseudo labels of a fixed teacher",
    "none": "teacher and student, no feedback",
    "soft": "**Meta Pseudo Labels**",
    "soft_cosine": "the same, cosine scale",
    "hard_batch": "the same, Eq. 12 (one scalar a batch)",
}
MOONS_SETTINGS = {
    "literal": "section 3.1 to the letter",
    "literal_long": "the same, ten times as long",
    "labels": "noise consistency, teacher sees the labels",
    "no_labels": "noise consistency, teacher sees **no** label",
}
ALIGNMENT_ROWS = {
    "released": "released TensorFlow code",
    "port": "most-used PyTorch port",
}


def moons_runs() -> dict[tuple[str, str], list[Record]]:
    """Returns records by setting and row, of the settings as of today."""
    found: dict[tuple[str, str], list[Record]] = {}
    for r in read("two_moons"):
        setting = SETTINGS.get(r["setting"], {}).get(r["row"])
        if setting and r["settings"] == setting.as_recorded():
            key = r["setting"], r["row"]
            found.setdefault(key, []).append(r)
    return found


def moons_table() -> str:
    """Successes on two moons, and the mean accuracy, by setting and row."""
    runs = moons_runs()
    settings = [s for s in MOONS_SETTINGS if any(k[0] == s for k in runs)]
    titles = [
        "two moons, 6 labels: data sets with at least 97 % right "
        "(mean accuracy)",
        *(MOONS_SETTINGS[setting] for setting in settings),
    ]
    rows = []
    for row, title in MOONS_ROWS.items():
        cells = [_successes(runs.get((s, row), [])) for s in settings]
        if any(cells):
            rows.append([title, *cells])
    source = where([record for found in runs.values() for record in found])
    note = (
        "Data sets of 2,000 points, last step, the student's answers. "
        "Pseudo labels and Meta Pseudo Labels have as many student's steps as "
        f"supervised learning. {source}; records in "
        "[benchmarks/results](benchmarks/results/two_moons.jsonl)."
    )
    return markdown.table(titles, rows, note)


def _successes(records: list[Record]) -> str:
    """Says how often the student found the moons; nothing without records."""
    if not records:
        return ""
    values = [r["student_accuracy"] for r in records]
    wins = sum(v >= two_moons.SUCCESS for v in values)
    mean = 100 * statistics.mean(values)
    return f"{wins} of {len(values)} ({mean:.1f} %)"


def centering_table() -> str:
    """Accuracy on texts by objective, scale and centring, of either part."""
    records = read(centering.NAME)
    columns: list[tuple[str, str, float | None]] = [("none", "", None)]
    columns += itertools.product(centering.SCALES, ("false", "true"), (None,))
    columns.append((*columns[-1][:2], centering.LOW))
    words = {"false": "as it is", "true": "centred"}
    titles = ["texts, 20 labels: accuracy in %", "of which", "no feedback"]
    titles += [f"{scale}, {words[how]}" for scale, how, _ in columns[1:]]
    titles[-1] += f", weight {centering.LOW}"
    rows = []
    for objective, part in itertools.product(
        centering.OBJECTIVES, centering.PARTS
    ):
        found = [
            [
                r["accuracy"]
                for r in records
                if (r["objective"], r.get("part", "test")) == (objective, part)
                and (r["scale"], r["centering"], r.get("weight")) == column
            ]
            for column in columns
        ]
        if any(found):
            title = OBJECTIVES[objective].removesuffix(" and feedback")
            number = max(map(len, found))
            rows.append([title, part, *map(spread, found), str(number)])
    note = f"{where(records)}."
    return markdown.table([*titles, "seeds"], rows, note, left=(0, 1))


def alignment_table() -> str:
    """Cosine with the exact feedback by kind and step, over seeds."""
    # The first records have the last step too, where the rate is 0.
    records = [
        r
        for r in read(alignment.NAME)
        if r["one"] is None or not math.isnan(r["one"])
    ]
    steps = sorted({r["step"] for r in records})
    titles = [
        "cosine with the exact feedback, one draw (mean of "
        f"{records[0]['draws']})",
        *(f"step {step}" for step in steps),
    ]
    rows = []
    for kind in dict.fromkeys(r["kind"] for r in records):
        own = [r for r in records if r["kind"] == kind]
        cells = [_cosine([r for r in own if r["step"] == s]) for s in steps]
        rows.append([ALIGNMENT_ROWS.get(kind, f"`{kind}`"), *cells])
    seeds = len({r["seed"] for r in records})
    note = f"Mean over {seeds} seeds. {where(records)}."
    return markdown.table(titles, rows, note)


def _cosine(records: list[Record]) -> str:
    """Says the mean cosine of one draw, and that of the draws' mean."""
    if any(r["one"] is None for r in records):
        return "0 gradient"
    one, mean = (
        statistics.mean(r[key] for r in records) for key in ("one", "mean")
    )
    return f"{one:.2f} ({mean:.2f})"


EVIDENCE = {
    "two_moons": moons_table,
    feedback_ablation.NAME: feedback_tables.ablation,
    "kinds": kinds_table.kinds_table,
    "weights": weight_tables.weights_table,
    centering.NAME: centering_table,
    alignment.NAME: alignment_table,
    moving_statistics.NAME: statistics_table.table,
    short_defaults.NAME: defaults_table.table,
    imbalance.NAME: imbalance_table.table,
}
WORTH = {"worth": feedback_tables.worth_table}
