"""The learning curves of the short rows, over steps and over the clock."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.common import folders
from benchmarks.common.records import Record
from benchmarks.tables import figures
from benchmarks.tables.short_rows import NAME
from benchmarks.tables.short_rows import ROWS

_ALIKE = "#E69F00"


def draw(by_row: Mapping[str, Mapping[int, Record]]) -> None:
    """Draws validation accuracy over steps and seconds, mean and range.

    Args:
        by_row: The records of each row, by seed.
    """
    figure = Figure(figsize=(11, 5.2), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    alike = [key for key in by_row if not ROWS[key].color]
    for key, by_seed in by_row.items():
        points = [_curve(record) for record in by_seed.values()]
        seconds = np.mean([p[1] for p in points], axis=0)
        values = np.array([p[2] for p in points])
        many = f"MPL, {len(alike)} other kinds and scales"
        label = many if key in alike[:1] else ""
        _plot(left, points[0][0], values, key, label)
        _plot(right, seconds, values, key, label)
    left.set_xlabel("training steps of the student")
    right.set_xlabel("seconds of the clock, one core, mean over seeds")
    left.set_xlim(left=0)
    right.set_xscale("log")
    right.xaxis.set_major_formatter("{x:.0f}")
    left.set_ylabel("accuracy on validation, averaged student, %")
    for axes in (left, right):
        axes.grid(axis="y", color="#DDDDDD", linewidth=0.8)
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=3,
        frameon=False,
        fontsize="small",
    )
    figures.save(figure, folders.FIGURES / f"{NAME}.png")


def _plot(
    axes: Axes, x: np.ndarray, values: np.ndarray, key: str, label: str
) -> None:
    """Draws the mean of a row, and its range if it has a color of its own."""
    row, mean = ROWS[key], values.mean(axis=0)
    if not row.color:
        axes.plot(x, mean, color=_ALIKE, lw=0.8, label=label)
        return
    axes.plot(x, mean, color=row.color, ls=row.dashes, label=row.short)
    low, high = values.min(axis=0), values.max(axis=0)
    axes.fill_between(x, low, high, color=row.color, alpha=0.12, lw=0)


def _curve(record: Record) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns steps, seconds and percent of the training before finetuning."""
    before = [p for p in record["curve"] if p["stage"] == "pretrain"]
    points = [p for p in record["curve"] if p["stage"] == "train"]
    offset = before[-1]["seconds"] if before else 0.0
    start = before[-1]["step"] if before else 0
    return (
        np.array([point["step"] - start for point in points]),
        np.array([point["seconds"] + offset for point in points]),
        np.array([100 * point["val_accuracy"] for point in points]),
    )
