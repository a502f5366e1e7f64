"""Tables and the forest plot of the ablation, of centring and of alignment."""

import itertools
import math
import pathlib
import statistics

import alignment
import centering
import feedback_ablation
from matplotlib.figure import Figure
from over_seeds import gap
from over_seeds import spread
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
    "supervised": "supervised",
    "pseudo_label": "pseudo labels of a fixed teacher",
    "uda": "UDA",
    "none": "no feedback",
    "none_sampled": "no feedback, student learns from samples",
    "none_0.5": "no feedback, pseudo labels at temperature 0.5",
    "none_0.25": "no feedback, pseudo labels at temperature 0.25",
    "none_argmax": "no feedback, student learns from the likeliest class",
    "soft": "`soft`, cosine",
    "soft_centered": "`soft`, cosine, centred (the default)",
    "soft_centered_rising": "`soft`, cosine, centred, weight rising",
    "soft_centered_falling": "`soft`, cosine, centred, weight falling",
    "soft_centered_floor_0.0": "`soft`, cosine, centred, floor 0",
    "soft_centered_floor_0.2": "`soft`, cosine, centred, floor 0.2",
    "soft_centered_0.5": "`soft`, cosine, centred, temperature 0.5",
    "soft_centered_0.25": "`soft`, cosine, centred, temperature 0.25",
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


def provenance(records):
    """Where records come from, as a sentence."""
    last = records[-1]
    commits = sorted({(r["commit"] or "unknown")[:10] for r in records})
    versions = last["versions"]
    return (
        f"{last['device']}, 2 cores; TensorFlow {versions['tensorflow']}, "
        f"Keras {versions['keras']}; commit {', '.join(commits)}."
    )


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


def _values(runs, key="accuracy"):
    return {seed: r[key] for seed, r in runs.items() if r.get(key) is not None}


def _difference(ours, theirs):
    """Paired difference and its t, as text; empty where there is none."""
    if theirs is None or theirs is ours:
        return "", ""
    found = gap(_values(ours), _values(theirs))
    if found is None or not found.error:
        return "", ""
    return str(found), f"{found.mean / found.error:+.1f}"


def ablation_table(labels, objective):
    """One line per row: accuracies, and the paired difference from `none`."""
    runs = ablation_runs(labels, objective)
    lines = [
        f"| digits, {labels} labels, {OBJECTIVES[objective]}: "
        "accuracy in % | weight | test: student | "
        "test: teacher | labelled: student | labelled: teacher | "
        "less no feedback, paired | t | less samples without feedback | t "
        "| seeds |",
        "|---|" + "---:|" * 10,
    ]
    for row, by_seed in runs.items():
        weight = next(iter(by_seed.values()))["weight"]
        differences = [
            cell
            for other in ("none", "none_sampled")
            for cell in _difference(by_seed, runs.get(other))
        ]
        cells = [
            ABLATION_ROWS[row],
            "" if weight is None else f"{weight:g}",
            spread(_values(by_seed, "accuracy").values()),
            spread(_values(by_seed, "teacher_accuracy").values()),
            spread(_values(by_seed, "train_accuracy").values()),
            spread(_values(by_seed, "train_teacher_accuracy").values()),
            *differences,
            str(len(by_seed)),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


WORTH_ROWS = {
    "supervised": "labels alone",
    "uda": "UDA",
    "none": "no feedback",
    "none_sampled": "no feedback, samples",
    "soft_centered": "**Meta Pseudo Labels**",
}


def worth_table():
    """The ablation in short: the default against none, a line per setting."""
    lines = [
        "| digits, test accuracy of the student in % | "
        + " | ".join(WORTH_ROWS.values())
        + " | less no feedback | less samples | seeds |",
        "|---|" + "---:|" * (len(WORTH_ROWS) + 3),
    ]
    for objective, labels in itertools.product(OBJECTIVES, _numbers()):
        runs = ablation_runs(labels, objective)
        ours = runs.get("soft_centered")
        if not ours or "none" not in runs:
            continue
        values = (_values(runs.get(row, {})).values() for row in WORTH_ROWS)
        others = ("none", "none_sampled")
        differences = (_difference(ours, runs.get(row))[0] for row in others)
        cells = (*map(spread, values), *differences, str(len(ours)))
        title = f"{labels} labels, {OBJECTIVES[objective]}"
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    source = provenance(read(feedback_ablation.NAME))
    return "\n".join([*lines, "", source])


def _numbers():
    """How many labels the records have."""
    return sorted({r["labels"] for r in read(feedback_ablation.NAME)})


def forest_plot(labels, objective, path):
    """Draws every row's differences with their 95 % intervals.

    On the left from no feedback, on the right from the samples that the
    sampled kinds show, without feedback.
    """
    runs = ablation_runs(labels, objective)
    rows = [r for r in runs if r != "none" and len(runs[r]) > 1]
    others = [o for o in ("none", "none_sampled") if o in runs]
    figure = Figure(
        figsize=(4 + 4.4 * len(others), 0.36 * len(rows) + 1.3), dpi=110
    )
    figure.set_layout_engine("constrained")
    panels = figure.subplots(1, len(others), sharey=True, squeeze=False)[0]
    for axes, other in zip(panels, others, strict=True):
        for place, row in enumerate(rows):
            if row != other:
                found = gap(_values(runs[row]), _values(runs[other]))
                _interval(axes, -place, row, found)
        axes.axvline(0, color="black", linewidth=1)
        axes.set_ylim(0.4 - len(rows), 0.8)
        shown = ABLATION_ROWS[other]
        axes.set_xlabel(f"points less: {shown}")
        axes.grid(axis="x", color="#DDDDDD")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    names = [ABLATION_ROWS[row].replace("`", "") for row in rows]
    panels[0].set_yticks([-place for place in range(len(rows))], names)
    numbers = sorted({len(runs[row]) for row in rows})
    figure.supxlabel(
        "test accuracy, paired by seed; bars: 95 %; "
        f"digits, {labels} labels, "
        f"{' to '.join(map(str, numbers[:: max(len(numbers) - 1, 1)]))} seeds; "
        f"{OBJECTIVES[objective]}\n"
        "blue: feedback, orange: controls, grey: no feedback",
        fontsize="medium",
    )
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, metadata={"Software": None})


def _interval(axes, height, row, found):
    """A point with its bar; an arrow where it is far off the others."""
    mean, error, _, _ = found
    made = feedback_ablation.ROWS[row]
    is_control, has_feedback = made.is_control, made.weights or made.like
    color = ORANGE if is_control else BLUE if has_feedback else GREY
    shown = max(mean, LEFT)
    if mean < LEFT:
        axes.plot(shown, height, marker="<", color=color)
    else:
        bar = 1.96 * error
        axes.errorbar(shown, height, xerr=bar, fmt="o", color=color, capsize=3)
    axes.annotate(
        f"{mean:+.1f}",
        (shown, height),
        xytext=(0, 5),
        textcoords="offset points",
        ha="center",
        fontsize=8,
    )


def ablation():
    """The tables of every number of labels, and the plot of each."""
    parts = []
    for labels, objective in itertools.product(_numbers(), OBJECTIVES):
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


def centering_table():
    """Accuracy on texts by objective, scale and centring."""
    records = read(centering.NAME)
    columns = ["none", *itertools.product(centering.SCALES, ("false", "true"))]
    words = {"false": "as it is", "true": "centred"}
    titles = ["no feedback"]
    titles += [f"{scale}, {words[how]}" for scale, how in columns[1:]]
    lines = [
        "| texts, 20 labels: test accuracy in % | "
        + " | ".join(titles)
        + " | seeds |",
        "|---|" + "---:|" * (len(titles) + 1),
    ]
    for objective in centering.OBJECTIVES:
        cells, number = [], 0
        for column in columns:
            scale, how = (column, "") if column == "none" else column
            values = [
                r["accuracy"]
                for r in records
                if (r["objective"], r["scale"], r["centering"])
                == (objective, scale, how)
            ]
            cells.append(spread(values))
            number = max(number, len(values))
        title = OBJECTIVES[objective].removesuffix(" and feedback")
        lines.append(f"| {title} | " + " | ".join(cells) + f" | {number} |")
    return "\n".join([*lines, "", provenance(records)])


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
    sentence = f"Mean over {seeds} seeds. {provenance(records)}"
    return "\n".join([*lines, "", sentence])
