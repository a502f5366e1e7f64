"""Tables and the forest plot of the ablation."""

import functools
import itertools

from matplotlib.figure import Figure

from benchmarks.accuracy import feedback_ablation
from benchmarks.accuracy.ablation_rows import ROWS
from benchmarks.common import drawn
from benchmarks.common import folders
from benchmarks.common.over_seeds import gap
from benchmarks.common.over_seeds import spread
from benchmarks.common.provenance import where
from benchmarks.common.records import read

LEFT = -15  # points; what is worse is drawn as an arrow there
ORANGE, BLUE, GREY = "#D55E00", "#0072B2", "#767676"

OBJECTIVES = {
    "supervised": "teacher learns from labels and feedback",
    "uda": "teacher learns by UDA and feedback",
}


@functools.cache
def _records():
    return read(feedback_ablation.NAME)


@functools.cache
def ablation_runs(labels, objective):
    """Returns test records by row and seed, of today's settings and weight."""
    found = {}
    for r in _records():
        if r["stage"] != "test" or r["labels"] != labels:
            continue
        if r["objective"] not in ("", objective):
            continue
        settings = feedback_ablation.overrides(
            r["row"], labels, r["objective"], r["weight"]
        )
        is_chosen = r["weight"] is None or r["weight"] == _chosen(
            r["row"], labels, objective
        )
        if is_chosen and r["settings"] == list(settings):
            found.setdefault(r["row"], {})[r["seed"]] = r
    return {row: found[row] for row in ROWS if row in found}


@functools.cache
def _chosen(row, labels, objective):
    """The weight that counts; none while some of its row are untried."""
    records = _records()
    try:
        return feedback_ablation.chosen_weight(row, labels, objective, records)
    except SystemExit:
        return None


def _shown(runs):
    return [record for by_seed in runs.values() for record in by_seed.values()]


def accuracies(runs, key="accuracy"):
    """Returns one accuracy by seed, of the seeds that have it."""
    return {seed: r[key] for seed, r in runs.items() if r.get(key) is not None}


def _minus(ours, theirs, key="accuracy"):
    """Paired difference with its t, as text; empty where there is none."""
    if not theirs or theirs is ours:
        return ""
    found = gap(accuracies(ours, key), accuracies(theirs, key))
    if found is None or not found.error:
        return ""
    return found.with_t


def ablation_table(labels, objective):
    """One line per row: accuracies, and the paired differences from others."""
    runs = ablation_runs(labels, objective)
    titles = (
        f"digits, {labels} labels, {OBJECTIVES[objective]}: accuracy in %",
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
    lines = [line(titles), "|---|" + "---:|" * (len(titles) - 1)]
    for row, by_seed in runs.items():
        weight = next(iter(by_seed.values()))["weight"]
        against = ROWS[row].against
        others = ("supervised", "none", "none_sampled", against)
        cells = [
            ROWS[row].title,
            "" if weight is None else f"{weight:g}",
            spread(accuracies(by_seed, "accuracy").values()),
            spread(accuracies(by_seed, "teacher_accuracy").values()),
            spread(accuracies(by_seed, "train_accuracy").values()),
            spread(accuracies(by_seed, "train_teacher_accuracy").values()),
            *(_minus(by_seed, runs.get(other)) for other in others),
            _minus(by_seed, runs.get("none"), "teacher_accuracy"),
            str(len(by_seed)),
        ]
        lines.append(line(cells))
    return "\n".join(lines)


def line(cells):
    """One line of a table."""
    return "| " + " | ".join(cells) + " |"


WORTH_ROWS = {
    "supervised": "labels alone",
    "uda": "UDA",
    "none": "no feedback",
    "none_sampled": "no feedback, samples",
    "soft_centered": "**Meta Pseudo Labels**",
}


def worth_table():
    """The ablation in short: the default against none, a line per setting."""
    others = {
        "supervised": "minus labels alone",
        "none": "minus no feedback",
        "none_sampled": "minus no feedback, samples",
    }
    titles = ["digits: test accuracy of the student in %", *WORTH_ROWS.values()]
    titles += [*others.values(), "seeds"]
    lines = [line(titles), "|---|" + "---:|" * (len(titles) - 1)]
    shown = []
    for objective, labels in itertools.product(OBJECTIVES, _numbers()):
        runs = ablation_runs(labels, objective)
        ours = runs.get("soft_centered")
        if not ours or "none" not in runs:
            continue
        runs = {row: runs.get(row, {}) for row in WORTH_ROWS}
        values = (accuracies(by_seed).values() for by_seed in runs.values())
        minus = (gap(accuracies(ours), accuracies(runs[row])) for row in others)
        differences = (str(found or "") for found in minus)
        title = f"{labels} labels, {OBJECTIVES[objective]}"
        cells = (title, *map(spread, values), *differences, str(len(ours)))
        lines.append(line(cells))
        shown += _shown(runs)
    return "\n".join([*lines, "", f"{where(shown)}."]) if shown else ""


def _numbers():
    """How many labels the records have."""
    return sorted({r["labels"] for r in _records()})


def forest_plot(labels, objective, path):
    """Draws every row's differences with their 95 % intervals.

    On the left from no feedback, on the right from the samples that the
    sampled kinds show, without feedback.
    """
    runs = ablation_runs(labels, objective)
    others = [o for o in ("none", "none_sampled") if o in runs]
    gaps = {
        (row, other): found
        for row in runs
        for other in others
        if row != other
        and (found := gap(accuracies(runs[row]), accuracies(runs[other])))
    }
    rows = [row for row in runs if any(key[0] == row for key in gaps)]
    figure = Figure(
        figsize=(4 + 4.4 * len(others), 0.36 * len(rows) + 1.6), dpi=110
    )
    figure.set_layout_engine("constrained")
    panels = figure.subplots(
        1, len(others), sharex=True, sharey=True, squeeze=False
    )[0]
    for axes, other in zip(panels, others, strict=True):
        axes.axvline(0, color="black", linewidth=1, zorder=0)
        for place, row in enumerate(rows):
            if (row, other) in gaps:
                _interval(axes, -place, row, gaps[row, other])
        axes.set_ylim(0.4 - len(rows), 0.8)
        axes.set_xlabel(f"points above: {ROWS[other].title}")
        axes.grid(axis="x", color="#DDDDDD")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    names = [
        f"{ROWS[row].title.replace('`', '')} ({len(runs[row])})" for row in rows
    ]
    panels[0].set_yticks([-place for place in range(len(rows))], names)
    figure.suptitle(
        f"Test accuracy of the student, digits, {labels} labels, "
        f"{OBJECTIVES[objective]}",
        fontsize="medium",
    )
    figure.supxlabel(
        "paired by seed, number of seeds in brackets; bars: 95 % by Student's "
        f"t; an arrow: below {LEFT}\n"
        "blue: feedback, orange: controls, grey: no feedback",
        fontsize="medium",
    )
    drawn.save(figure, path)


def _interval(axes, height, row, found):
    """A point with its bar; an arrow where it is far off the others."""
    made = ROWS[row]
    is_control, has_feedback = made.is_control, made.weights or made.against
    color = ORANGE if is_control else BLUE if has_feedback else GREY
    shown = max(found.mean, LEFT)
    if found.mean < LEFT:
        axes.plot(shown, height, marker="<", color=color)
    else:
        bar = found.half_width
        axes.errorbar(shown, height, xerr=bar, fmt="o", color=color, capsize=3)
    axes.annotate(
        f"{found.mean:+.1f}",
        (shown, height),
        xytext=(0, 5),
        textcoords="offset points",
        ha="center",
        fontsize=8,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
    )


def ablation():
    """The tables of every number of labels, and the plot of each."""
    parts, shown = [], []
    for labels, objective in itertools.product(_numbers(), OBJECTIVES):
        runs = ablation_runs(labels, objective)
        if len(runs.get("none", ())) < 2:
            continue
        shown += _shown(runs)
        path = folders.FIGURES / f"ablation_{labels}_{objective}.png"
        forest_plot(labels, objective, path)
        link = path.relative_to(folders.ROOT)
        parts += [
            ablation_table(labels, objective),
            f"![Differences from no feedback, {labels} labels, "
            f"{OBJECTIVES[objective]}]({link})",
        ]
    if not parts:
        return ""  # tuned, not yet tested
    return "\n\n".join([*parts, f"{where(shown)}."])
