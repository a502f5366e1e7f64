"""What the feedback is worth, as tables and figures from the records.

Made from the records of `two_moons.py`, `feedback_ablation.py`,
`centering.py` and `alignment.py`; what has no record yet is left out, never
filled in.
"""

import itertools
import math
import statistics

from benchmarks.accuracy import alignment
from benchmarks.accuracy import centering
from benchmarks.accuracy import feedback_ablation
from benchmarks.accuracy import two_moons
from benchmarks.common.over_seeds import spread
from benchmarks.common.provenance import where
from benchmarks.common.records import read
from benchmarks.tables import feedback_tables
from benchmarks.tables import kinds_table
from benchmarks.tables import weight_tables
from benchmarks.tables.feedback_tables import OBJECTIVES
from benchmarks.tables.feedback_tables import line

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


def moons_runs():
    """Returns records by (setting, row), of the settings as of today."""
    found = {}
    for r in read("two_moons"):
        setting = two_moons.SETTINGS.get(r["setting"], {}).get(r["row"])
        if setting and r["settings"] == two_moons.plain(setting):
            key = r["setting"], r["row"]
            found.setdefault(key, []).append(r)
    return found


def moons_table():
    """Successes on two moons, and the mean accuracy, by setting and row."""
    runs = moons_runs()
    settings = [s for s in MOONS_SETTINGS if any(k[0] == s for k in runs)]
    lines = [
        "| two moons, 6 labels: data sets with at least 97 % right "
        "(mean accuracy) | " + " | ".join(MOONS_SETTINGS[s] for s in settings),
        "|---|" + "---:|" * len(settings),
    ]
    lines[0] += " |"
    for row, title in MOONS_ROWS.items():
        cells = []
        for setting in settings:
            values = [
                r["student_accuracy"] for r in runs.get((setting, row), ())
            ]
            if not values:
                cells.append("")
                continue
            wins = sum(v >= two_moons.SUCCESS for v in values)
            mean = 100 * statistics.mean(values)
            cells.append(f"{wins} of {len(values)} ({mean:.1f} %)")
        if any(cells):
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
    source = where([record for rows in runs.values() for record in rows])
    sentence = (
        "Data sets of 2,000 points, last step, the student's answers. "
        "Pseudo labels and Meta Pseudo Labels have as many student's steps as "
        f"supervised learning. {source}; records in "
        "[benchmarks/results](benchmarks/results/two_moons.jsonl)."
    )
    return "\n".join([*lines, "", sentence])


def centering_table():
    """Accuracy on texts by objective, scale and centring, of either part."""
    records = read(centering.NAME)
    columns = [("none", "", None)]
    columns += itertools.product(centering.SCALES, ("false", "true"), (None,))
    columns.append((*columns[-1][:2], centering.LOW))
    words = {"false": "as it is", "true": "centred"}
    titles = ["no feedback"]
    titles += [f"{scale}, {words[how]}" for scale, how, _ in columns[1:]]
    titles[-1] += f", weight {centering.LOW}"
    titles = ["texts, 20 labels: accuracy in %", "of which", *titles, "seeds"]
    lines = [line(titles), "|---|---|" + "---:|" * (len(titles) - 2)]
    for objective, part in itertools.product(
        centering.OBJECTIVES, centering.PARTS
    ):
        found = [
            r
            for r in records
            if (r["objective"], r.get("part", "test")) == (objective, part)
        ]
        if not found:
            continue
        cells, number = [], 0
        for column in columns:
            values = [
                r["accuracy"]
                for r in found
                if (r["scale"], r["centering"], r.get("weight")) == column
            ]
            cells.append(spread(values))
            number = max(number, len(values))
        title = OBJECTIVES[objective].removesuffix(" and feedback")
        lines.append(line((title, part, *cells, str(number))))
    return "\n".join([*lines, "", f"{where(records)}."])


def alignment_table():
    """Cosine with the exact feedback by kind and step, over seeds."""
    # The first records have the last step too, where the rate is 0.
    records = [
        r
        for r in read(alignment.NAME)
        if r["one"] is None or not math.isnan(r["one"])
    ]
    steps = sorted({r["step"] for r in records})
    lines = [
        "| cosine with the exact feedback, one draw (mean of "
        f"{records[0]['draws']}) | "
        + " | ".join(f"step {step}" for step in steps)
        + " |",
        "|---|" + "---:|" * len(steps),
    ]
    for kind in dict.fromkeys(r["kind"] for r in records):
        cells = []
        for step in steps:
            at = [r for r in records if (r["kind"], r["step"]) == (kind, step)]
            if any(r["one"] is None for r in at):
                cells.append("0 gradient")
                continue
            one, mean = (
                statistics.mean(r[key] for r in at) for key in ("one", "mean")
            )
            cells.append(f"{one:.2f} ({mean:.2f})")
        title = ALIGNMENT_ROWS.get(kind, f"`{kind}`")
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    seeds = len({r["seed"] for r in records})
    sentence = f"Mean over {seeds} seeds. {where(records)}."
    return "\n".join([*lines, "", sentence])


EVIDENCE = {
    "two_moons": moons_table,
    feedback_ablation.NAME: feedback_tables.ablation,
    "kinds": kinds_table.kinds_table,
    "weights": weight_tables.weights_table,
    centering.NAME: centering_table,
    alignment.NAME: alignment_table,
}
WORTH = {"worth": feedback_tables.worth_table}
