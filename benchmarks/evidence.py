"""What the feedback is worth, as tables and figures from the records.

Made from the records of `two_moons.py`, `feedback_ablation.py`,
`centering.py` and `alignment.py`; what has no record yet is left out, never
filled in.
"""

import statistics

import alignment
import centering
import feedback_ablation
import feedback_tables
import two_moons
import weight_tables
from provenance import where
from records import read

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


EVIDENCE = {
    "two_moons": moons_table,
    feedback_ablation.NAME: feedback_tables.ablation,
    "weights": weight_tables.weights_table,
    centering.NAME: feedback_tables.centering_table,
    alignment.NAME: feedback_tables.alignment_table,
}
WORTH = {"worth": feedback_tables.worth_table}
