"""The forest plot of the ablation: differences with their 95 % intervals."""

import pathlib

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.accuracy.ablation_rows import ROWS
from benchmarks.common.over_seeds import Gap
from benchmarks.common.over_seeds import gap
from benchmarks.tables import ablation_records
from benchmarks.tables import figures
from benchmarks.tables.ablation_records import OBJECTIVES
from benchmarks.tables.ablation_records import accuracies

LEFT = -15  # points; what is worse is drawn as an arrow there
ORANGE, BLUE, GREY = "#D55E00", "#0072B2", "#767676"


def draw(labels: int, objective: str, path: pathlib.Path) -> None:
    """Draws every row's differences, paired by seed.

    The left panel shows the difference from no feedback, the right one that
    from samples without feedback, which the sampled kinds also learn from.
    """
    runs = ablation_records.runs(labels, objective)
    others = [o for o in ("none", "none_sampled") if o in runs]
    gaps: dict[tuple[str, str], Gap] = {
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
        _panel(axes, other, rows, gaps)
    names = [
        f"{ROWS[row].title.replace('`', '')} ({len(runs[row])})" for row in rows
    ]
    panels[0].set_yticks([-height for height in range(len(rows))], names)
    _describe(figure, labels, objective)
    figures.save(figure, path)


def _panel(
    axes: Axes,
    other: str,
    rows: list[str],
    gaps: dict[tuple[str, str], Gap],
) -> None:
    """Draws the differences from one row, the first on top."""
    axes.axvline(0, color="black", linewidth=1, zorder=0)
    for number, row in enumerate(rows):
        if (row, other) in gaps:
            _interval(axes, -number, row, gaps[row, other])
    axes.set_ylim(0.4 - len(rows), 0.8)
    axes.set_xlabel(f"points above: {ROWS[other].title}")
    axes.grid(axis="x", color="#DDDDDD")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _interval(axes: Axes, height: float, row: str, found: Gap) -> None:
    """Draws a point with its bar; an arrow where it is far off the others."""
    made = ROWS[row]
    is_control, has_feedback = made.is_control, made.weights or made.against
    color = ORANGE if is_control else BLUE if has_feedback else GREY
    position = max(found.mean, LEFT)
    if found.mean < LEFT:
        axes.plot(position, height, marker="<", color=color)
    else:
        bar = found.half_width
        axes.errorbar(
            position, height, xerr=bar, fmt="o", color=color, capsize=3
        )
    axes.annotate(
        f"{found.mean:+.1f}",
        (position, height),
        xytext=(0, 5),
        textcoords="offset points",
        ha="center",
        fontsize=8,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
    )


def _describe(figure: Figure, labels: int, objective: str) -> None:
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
