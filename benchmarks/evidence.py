"""Tables and the forest plot of what the feedback is worth.

Made from the records of `two_moons.py` and `feedback_ablation.py`; what has
no record yet is left out, never filled in.
"""

import itertools
import math
import pathlib
import statistics

import feedback_ablation
import two_moons
from matplotlib.figure import Figure
from records import read

FIGURES = pathlib.Path(__file__).parent / "figures"
ORANGE, BLUE, GREY = "#D55E00", "#0072B2", "#767676"

MOONS_ROWS = {
    "supervised": "supervised",
    "pseudo_labels": "pseudo labels of a fixed teacher",
    "none": "teacher and student, no feedback",
    "soft": "**Meta Pseudo Labels**",
    "soft_cosine": "the same, cosine scale",
    "hard_batch": "the same, Eq. 12 (one scalar a batch)",
}
OBJECTIVES = {
    "supervised": "teacher learns from labels and feedback",
    "uda": "teacher learns by UDA and feedback",
}
MOONS_SETTINGS = {
    "literal": "section 3.1 to the letter",
    "literal_long": "the same, ten times as long",
    "labels": "noise consistency, teacher sees the labels",
    "no_labels": "noise consistency, teacher sees **no** label",
}
ABLATION_ROWS = {
    "supervised": "supervised",
    "pseudo_label": "pseudo labels of a fixed teacher",
    "uda": "UDA",
    "none": "no feedback",
    "soft": "`soft`, cosine",
    "soft_centered": "`soft`, cosine, centred (the default)",
    "soft_exact": "`soft`, exact (Eq. 3)",
    "soft_exact_centered": "`soft`, exact, centred",
    "hard": "`hard`, cosine",
    "hard_exact": "`hard`, exact",
    "hard_expected": "`hard_expected`, cosine",
    "hard_expected_exact": "`hard_expected`, exact",
    "hard_batch": "`hard_batch` (Eq. 12), cosine",
    "hard_batch_exact": "`hard_batch` (Eq. 12), exact",
    "finite_difference": "`finite_difference`",
    "sign_flipped": "control: sign flipped",
    "shuffled": "control: credit of another example",
    "random_labels": "control: random labels",
}


def moons_runs():
    """Returns accuracies by (setting, row), of the settings as of today."""
    found = {}
    for r in read("two_moons"):
        setting = two_moons.SETTINGS.get(r["setting"], {}).get(r["row"])
        if setting and r["settings"] == two_moons.plain(setting):
            key = r["setting"], r["row"]
            found.setdefault(key, []).append(r["student_accuracy"])
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
            values = runs.get((setting, row))
            if not values:
                cells.append("")
                continue
            wins = sum(v >= two_moons.SUCCESS for v in values)
            mean = 100 * statistics.mean(values)
            cells.append(f"{wins} of {len(values)} ({mean:.1f} %)")
        if any(cells):
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
    sentence = (
        "Data sets of 2,000 points, last step, the student's answers. "
        "Pseudo labels and Meta Pseudo Labels have as many student's steps as "
        f"supervised learning. {provenance(read('two_moons'))} Records in "
        "[benchmarks/results](benchmarks/results/two_moons.jsonl)."
    )
    return "\n".join([*lines, "", sentence])


def ablation_runs(labels, objective):
    """Returns test records by row and seed, of today's settings and weight."""
    found = {}
    for r in read(feedback_ablation.NAME):
        if r["stage"] != "test" or r["labels"] != labels:
            continue
        if r["objective"] not in ("", objective):
            continue
        settings = feedback_ablation.overrides(
            r["row"], labels, r["objective"], r["weight"]
        )
        if r["settings"] == list(settings):
            found.setdefault(r["row"], {})[r["seed"]] = r
    return {row: found[row] for row in ABLATION_ROWS if row in found}


def gap(ours, theirs):
    """Paired difference in points: mean, standard error, wins, number."""
    common = sorted(set(ours) & set(theirs))
    gaps = [100 * (ours[s]["accuracy"] - theirs[s]["accuracy"]) for s in common]
    error = statistics.stdev(gaps) / math.sqrt(len(gaps))
    return statistics.mean(gaps), error, sum(g > 0 for g in gaps), len(gaps)


def _spread(runs, key):
    values = [100 * r[key] for r in runs.values() if r.get(key) is not None]
    if len(values) < 2:
        return ""
    return f"{statistics.mean(values):.1f} ± {statistics.stdev(values):.1f}"


def ablation_table(labels, objective):
    """One line per row: accuracies, and the paired difference from `none`."""
    runs = ablation_runs(labels, objective)
    lines = [
        f"| digits, {labels} labels, {OBJECTIVES[objective]}: "
        "accuracy in % | weight | test: student | "
        "test: teacher | labelled: student | labelled: teacher | "
        "less `none`, paired | t | seeds |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row, by_seed in runs.items():
        weight = next(iter(by_seed.values()))["weight"]
        difference = t = ""
        if row != "none" and len(by_seed) > 1 and "none" in runs:
            mean, error, _, _ = gap(by_seed, runs["none"])
            difference = f"{mean:+.1f} (SE {error:.1f})"
            t = f"{mean / error:+.1f}" if error else ""
        cells = [
            ABLATION_ROWS[row],
            "" if weight is None else f"{weight:g}",
            _spread(by_seed, "accuracy"),
            _spread(by_seed, "teacher_accuracy"),
            _spread(by_seed, "train_accuracy"),
            _spread(by_seed, "train_teacher_accuracy"),
            difference,
            t,
            str(len(by_seed)),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def forest_plot(labels, objective, path):
    """Draws every row's difference from `none` with its 95 % interval."""
    runs = ablation_runs(labels, objective)
    rows = [r for r in runs if r != "none" and len(runs[r]) > 1]
    figure = Figure(figsize=(8.4, 0.36 * len(rows) + 1.3), dpi=110)
    figure.set_layout_engine("constrained")
    axes = figure.subplots()
    for place, row in enumerate(rows):
        mean, error, _, number = gap(runs[row], runs["none"])
        is_control = feedback_ablation.ROWS[row].is_control
        has_feedback = feedback_ablation.ROWS[row].weights
        color = ORANGE if is_control else BLUE if has_feedback else GREY
        axes.errorbar(
            mean, -place, xerr=1.96 * error, fmt="o", color=color, capsize=3
        )
        axes.annotate(
            f"{mean:+.1f}",
            (mean, -place),
            xytext=(0, 5),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    axes.axvline(0, color="black", linewidth=1)
    axes.set_yticks(
        [-i for i in range(len(rows))],
        [ABLATION_ROWS[r].replace("`", "") for r in rows],
    )
    axes.set_xlabel(
        "points of test accuracy less the same without feedback, paired by "
        f"seed; bars: 95 %\ndigits, {labels} labels, {number} seeds; "
        f"{OBJECTIVES[objective]}\n"
        "blue: feedback, orange: controls, grey: no teacher that learns"
    )
    axes.grid(axis="x", color="#DDDDDD")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, metadata={"Software": None})


def provenance(records):
    """Where records come from, as a sentence."""
    last = records[-1]
    commits = sorted({(r["commit"] or "unknown")[:10] for r in records})
    versions = last["versions"]
    return (
        f"{last['device']}, 2 cores; TensorFlow {versions['tensorflow']}, "
        f"Keras {versions['keras']}; commit {', '.join(commits)}."
    )


def ablation():
    """The tables of every number of labels, and the plot of each."""
    numbers = sorted({r["labels"] for r in read(feedback_ablation.NAME)})
    parts = []
    for labels, objective in itertools.product(numbers, OBJECTIVES):
        if len(ablation_runs(labels, objective).get("none", ())) < 2:
            continue
        path = FIGURES / f"ablation_{labels}_{objective}.png"
        forest_plot(labels, objective, path)
        where = path.relative_to(FIGURES.parents[1])
        parts += [
            ablation_table(labels, objective),
            f"![Differences from no feedback, {labels} labels, "
            f"{OBJECTIVES[objective]}]({where})",
        ]
    if not parts:
        return ""  # tuned, not yet tested
    return "\n\n".join([*parts, provenance(read(feedback_ablation.NAME))])


EVIDENCE = {"two_moons": moons_table, feedback_ablation.NAME: ablation}
