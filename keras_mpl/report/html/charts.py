"""The pictures of the page; matplotlib is loaded when one is drawn."""

import io
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_mpl.report.diagnosis.calibration import NUM_BINS
from keras_mpl.report.diagnosis.calibration import Reliability
from keras_mpl.report.formats import Evaluation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#767676"
_LINES = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#000000", "#E69F00")
_DASHES = ("-", "--", "-.", ":")


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=120, layout="constrained")


def _png(figure: "Figure") -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()


def diagram(panels: Mapping[str, Reliability]) -> bytes:
    """Draws a reliability diagram, with the counts below each panel.

    Args:
        panels: What to draw, by the title of its panel.

    Returns:
        The content of a PNG file.
    """
    figure = _figure(4.4 * len(panels) + 0.3, 4.6)
    grid = figure.subplots(
        2, len(panels), squeeze=False, sharex=True, height_ratios=(3, 1)
    )
    for (title, found), (upper, lower) in zip(
        panels.items(), grid.T, strict=True
    ):
        _accuracies(upper, found)
        upper.set_title(title, fontsize=11)
        edges = (np.arange(NUM_BINS) + 0.5) / NUM_BINS
        lower.bar(edges, found.counts, 0.9 / NUM_BINS, color=_GREY)
        lower.set_xlabel("confidence: probability of the class it says")
        lower.set_ylabel("examples")
        for axes in (upper, lower):
            axes.spines[["top", "right"]].set_visible(False)
    return _png(figure)


def _accuracies(axes: "Axes", found: Reliability) -> None:
    there = found.counts > 0
    places = (np.arange(NUM_BINS) + 0.5) / NUM_BINS
    axes.bar(
        places[there],
        found.accuracy[there],
        0.9 / NUM_BINS,
        color=_BLUE,
        alpha=0.75,
        label="share that is right",
    )
    axes.plot(
        found.confidence[there],
        found.confidence[there],
        "o",
        color=_ORANGE,
        markersize=4,
        label="mean confidence",
    )
    axes.plot([0, 1], [0, 1], color=_GREY, linewidth=1, linestyle=(0, (1, 2)))
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("accuracy")
    axes.legend(loc="upper left", fontsize=9, frameon=False)


def heat_map(matrix: np.ndarray) -> bytes:
    """Draws a confusion matrix of many classes, by their numbers.

    Args:
        matrix: Counts, shape `(num_classes, num_classes)`; a row is a true
            class.

    Returns:
        The content of a PNG file.
    """
    figure = _figure(6.4, 5.6)
    axes = figure.subplots()
    sums = np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    drawn = axes.imshow(
        matrix / sums, cmap="Blues", vmin=0, vmax=1, interpolation="nearest"
    )
    axes.set_xlabel("class that the student says")
    axes.set_ylabel("true class")
    figure.colorbar(drawn, label="share of the true class")
    return _png(figure)


def overlaid(runs: Sequence[tuple[str, Sequence[Evaluation]]]) -> bytes:
    """Draws the validation accuracy of several runs over each other.

    Args:
        runs: The title of each run, and the evaluations of its recipe.

    Returns:
        The content of a PNG file.
    """
    from matplotlib.ticker import PercentFormatter

    figure = _figure(8.6, 4.4)
    axes = figure.subplots()
    lines, titles = [], []
    for number, (title, records) in enumerate(runs):
        points = [
            (record["step"], value)
            for record in records
            if (value := record.get("val_accuracy")) is not None
        ]
        if not points:
            continue
        steps, values = zip(*points, strict=True)
        lines += axes.plot(
            steps,
            values,
            color=_LINES[number % len(_LINES)],
            linestyle=_DASHES[number // len(_LINES) % len(_DASHES)],
            marker="o" if len(points) <= 20 else None,
            markersize=3.5,
        )
        titles.append(title)
    axes.set_xlabel("training steps of the student")
    axes.set_ylabel("accuracy on the validation set")
    axes.set_ylim(0, 1.01)
    axes.set_xlim(left=0)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    if lines:
        _name(axes, lines, titles)
    return _png(figure)


def _name(axes: "Axes", lines: "list[Line2D]", titles: list[str]) -> None:
    """Writes the legend: names of runs are any text, and no formulas."""
    from keras_mpl.report import fonts

    shown = fonts.shown(titles, range(1, len(titles) + 1), "run")
    legend = axes.legend(
        lines,
        [str(number) for number in range(len(lines))],  # `_` would hide one
        prop={"family": shown.family, "size": 9},
        frameon=False,
    )
    for text, name in zip(legend.get_texts(), shown.names, strict=True):
        text.set_parse_math(False)
        text.set_text(name)
