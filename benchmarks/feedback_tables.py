"""Tables and the forest plot of the ablation, of centring and of alignment."""

import functools
import itertools
import math
import pathlib
import statistics

import alignment
import centering
import drawn
import feedback_ablation
from matplotlib.figure import Figure
from over_seeds import gap
from over_seeds import spread
from provenance import where
from records import read

FIGURES = pathlib.Path(__file__).parent / "figures"
LEFT = -15  # points; what is worse is drawn as an arrow there
ORANGE, BLUE, GREY = "#D55E00", "#0072B2", "#767676"

ALIGNMENT_ROWS = {
    "released": "released TensorFlow code",
    "port": "most-used PyTorch port",
}
OBJECTIVES = {
    "supervised": "teacher learns from labels and feedback",
    "uda": "teacher learns by UDA and feedback",
}
ABLATION_ROWS = {
    "supervised": "labels alone",
    "pseudo_label": "pseudo labels of a fixed teacher",
    "uda": "UDA",
    "none": "no feedback",
    "none_sampled": "no feedback, student learns from samples",
    "none_0.5": "no feedback, pseudo labels at temperature 0.5",
    "none_0.25": "no feedback, pseudo labels at temperature 0.25",
    "none_argmax": "no feedback, student learns from the likeliest class",
    "none_labels": "no feedback, student learns the labels too",
    "soft": "`soft`, cosine",
    "soft_centered": "`soft`, cosine, centred (the default kind)",
    "soft_centered_labels": (
        "`soft`, cosine, centred, student learns the labels too"
    ),
    "soft_centered_weight_0.3": "`soft`, cosine, centred, weight 0.3 (default)",
    "soft_centered_1": "`soft`, cosine, centred, weight 1",
    "soft_centered_rising": "`soft`, cosine, centred, weight rising",
    "soft_centered_falling": "`soft`, cosine, centred, weight falling",
    "soft_centered_no_floor": "`soft`, cosine, centred, no floor",
    "soft_centered_normalised": (
        "`soft`, cosine, centred, one deviation for every class"
    ),
    "soft_centered_clipped": "`soft`, cosine, centred, credit clipped",
    "soft_centered_half_asked": (
        "`soft`, cosine, centred, feedback of half of the labels"
    ),
    "soft_centered_held_out": (
        "`soft`, cosine, centred, feedback of a held-out half"
    ),
    "soft_centered_0.5": "`soft`, cosine, centred, temperature 0.5",
    "soft_centered_0.25": "`soft`, cosine, centred, temperature 0.25",
    "soft_exact": "`soft`, exact (Eq. 3)",
    "soft_exact_centered": "`soft`, exact, centred",
    "hard": "`hard`, cosine",
    "hard_exact": "`hard`, exact",
    "hard_expected": "`hard_expected`, cosine",
    "hard_expected_exact": "`hard_expected`, exact",
    "hard_expected_centered": "`hard_expected`, cosine, centred",
    "hard_expected_exact_centered": "`hard_expected`, exact, centred",
    "hard_batch": "`hard_batch` (Eq. 12), cosine",
    "hard_batch_no_baseline": "`hard_batch` (Eq. 12), cosine, no baseline",
    "hard_batch_exact": "`hard_batch` (Eq. 12), exact",
    "finite_difference": "`finite_difference`",
    "sign_flipped": "control: sign flipped, exact",
    "shuffled": "control: credit of another example, exact",
    "random_labels": "control: random labels, exact",
    "sign_flipped_cosine": "control: sign flipped, cosine, centred",
    "shuffled_cosine": "control: credit of another example, cosine, centred",
    "random_labels_cosine": "control: random labels, cosine, centred",
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
    return {row: found[row] for row in ABLATION_ROWS if row in found}


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


def _values(runs, key="accuracy"):
    return {seed: r[key] for seed, r in runs.items() if r.get(key) is not None}


def _minus(ours, theirs, key="accuracy"):
    """Paired difference with its t, as text; empty where there is none."""
    if not theirs or theirs is ours:
        return ""
    found = gap(_values(ours, key), _values(theirs, key))
    if found is None or not found.error:
        return ""
    t = found.mean / found.error
    return f"{found.mean:+.1f} (SE {found.error:.1f}, t {t:+.1f})"


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
    lines = [_line(titles), "|---|" + "---:|" * (len(titles) - 1)]
    for row, by_seed in runs.items():
        weight = next(iter(by_seed.values()))["weight"]
        against = feedback_ablation.ROWS[row].against
        others = ("supervised", "none", "none_sampled", against)
        cells = [
            ABLATION_ROWS[row],
            "" if weight is None else f"{weight:g}",
            spread(_values(by_seed, "accuracy").values()),
            spread(_values(by_seed, "teacher_accuracy").values()),
            spread(_values(by_seed, "train_accuracy").values()),
            spread(_values(by_seed, "train_teacher_accuracy").values()),
            *(_minus(by_seed, runs.get(other)) for other in others),
            _minus(by_seed, runs.get("none"), "teacher_accuracy"),
            str(len(by_seed)),
        ]
        lines.append(_line(cells))
    return "\n".join(lines)


def _line(cells):
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
    lines = [_line(titles), "|---|" + "---:|" * (len(titles) - 1)]
    shown = []
    for objective, labels in itertools.product(OBJECTIVES, _numbers()):
        runs = ablation_runs(labels, objective)
        ours = runs.get("soft_centered")
        if not ours or "none" not in runs:
            continue
        runs = {row: runs.get(row, {}) for row in WORTH_ROWS}
        values = (_values(by_seed).values() for by_seed in runs.values())
        minus = (gap(_values(ours), _values(runs[row])) for row in others)
        differences = (str(found or "") for found in minus)
        title = f"{labels} labels, {OBJECTIVES[objective]}"
        cells = (title, *map(spread, values), *differences, str(len(ours)))
        lines.append(_line(cells))
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
        and (found := gap(_values(runs[row]), _values(runs[other])))
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
        axes.set_xlabel(f"points above: {ABLATION_ROWS[other]}")
        axes.grid(axis="x", color="#DDDDDD")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    names = [
        f"{ABLATION_ROWS[row].replace('`', '')} ({len(runs[row])})"
        for row in rows
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
    made = feedback_ablation.ROWS[row]
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
        path = FIGURES / f"ablation_{labels}_{objective}.png"
        forest_plot(labels, objective, path)
        link = path.relative_to(FIGURES.parents[1])
        parts += [
            ablation_table(labels, objective),
            f"![Differences from no feedback, {labels} labels, "
            f"{OBJECTIVES[objective]}]({link})",
        ]
    if not parts:
        return ""  # tuned, not yet tested
    return "\n\n".join([*parts, f"{where(shown)}."])


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
    lines = [_line(titles), "|---|---|" + "---:|" * (len(titles) - 2)]
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
        lines.append(_line((title, part, *cells, str(number))))
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
