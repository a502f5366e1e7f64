"""The figures of the curve over length.

One answers the question at a glance: differences in points over the length.
The other shows accuracies over what a training costs.
"""

import math
import statistics
from collections.abc import Callable

from matplotlib import ticker
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.accuracy import length_rows
from benchmarks.common import folders
from benchmarks.common.over_seeds import Gap
from benchmarks.tables import figures
from benchmarks.tables.length_records import ROWS
from benchmarks.tables.length_records import Runs
from benchmarks.tables.length_records import operations

ANSWER, COSTS = "length.png", "length_costs.png"
Measure = Callable[[int, str], Gap | float | None]


def draw(runs: Runs, package: Runs) -> bool:
    """Draws both figures, once a student and its teacher are there.

    Args:
        runs: Those in JAX, the curves.
        package: The package's: crosses beside them, and processor seconds.

    Returns:
        Whether they were drawn.
    """
    if not any(runs.over_teacher(*at) for at in runs.found):
        return False
    _answer(runs, package)
    _costs(runs, package)
    return True


def _answer(runs: Runs, package: Runs) -> None:
    """Three panels over the length: the feedback, the teacher, and UDA."""
    figure = Figure(figsize=(11, 4.6), dpi=110, layout="constrained")
    asked: tuple[tuple[str, Callable[[Runs], Measure]], ...] = (
        (
            "Does feedback help?\nstudent minus no feedback",
            lambda of: of.over_none,
        ),
        (
            "Does the student pass its teacher?\nstudent minus its teacher",
            lambda of: of.over_teacher,
        ),
        ("Does it pass UDA?\nstudent minus UDA", lambda of: of.over_uda),
    )
    panels = figure.subplots(1, len(asked))
    for axes, (title, of) in zip(panels, asked, strict=True):
        _panel(axes, of(runs))
        _crosses(axes, of(package))
        axes.set_title(title, fontsize="medium")
        _lengthwise(axes)
    panels[0].set_ylabel("points, ± SE; hollow: one seed")
    _legend(figure, panels)
    figures.save(figure, folders.FIGURES / ANSWER)


def _panel(axes: Axes, measure: Measure) -> None:
    """Draws a difference of the rows with a teacher that learns with them."""
    axes.axhline(0, color="black", linewidth=1, zorder=0)
    for row, shown in ROWS.items():
        if row in ("supervised", "uda", "fixmatch"):
            continue
        found = [
            (steps, gap)
            for steps in length_rows.LENGTHS
            if (gap := measure(steps, row)) is not None
        ]
        if not found:
            continue
        lengths = [steps for steps, _ in found]
        means = [g.mean if isinstance(g, Gap) else g for _, g in found]
        single = [n for n, (_, g) in enumerate(found) if isinstance(g, float)]
        errors = [g.error if isinstance(g, Gap) else math.nan for _, g in found]
        axes.errorbar(
            lengths,
            means,
            errors,
            color=shown.color,
            ls=shown.dashes,
            marker="o",
            ms=5,
            capsize=3,
            label=shown.title,
        )
        axes.plot(
            [lengths[n] for n in single],
            [means[n] for n in single],
            color=shown.color,
            ls="",
            marker="o",
            ms=5,
            mfc="white",
            zorder=3,  # above what `errorbar` draws
        )


def _crosses(axes: Axes, measure: Measure) -> None:
    """Marks what the package itself has measured, in several seeds."""
    for row, shown in ROWS.items():
        for steps in length_rows.LENGTHS:
            found = measure(steps, row)
            is_student_of = row not in ("supervised", "uda", "fixmatch")
            if isinstance(found, Gap) and is_student_of:
                axes.plot(
                    steps,
                    found.mean,
                    color=shown.color,
                    ls="",
                    marker="x",
                    ms=9,
                    mew=2,
                    zorder=4,
                )
    axes.plot(
        [],
        [],
        color="#767676",
        ls="",
        marker="x",
        ms=9,
        mew=2,
        label="the package itself, in TensorFlow on a CPU",
    )


def _costs(runs: Runs, package: Runs) -> None:
    """Finetuned accuracy over steps, operations and processor seconds."""
    figure = Figure(figsize=(11, 4.6), dpi=110, layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    costs: tuple[tuple[str, Runs, Callable[[int, str], float | None]], ...] = (
        ("training steps of the student", runs, lambda steps, row: steps),
        (
            "10^12 floating-point operations",
            runs,
            lambda steps, row: operations(steps, row) / 1e12,
        ),
        ("processor seconds of the package", package, package.seconds),
    )
    for axes, (title, shown, of) in zip(panels, costs, strict=True):
        for row in ROWS:
            _curve(axes, shown, row, of)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.xaxis.set_minor_formatter(ticker.NullFormatter())
        axes.set_xlabel(title)
        _plain(axes)
    _lengthwise(panels[0])
    panels[0].set_ylabel("test accuracy, finetuned, % ± SE")
    _legend(figure, panels)
    figures.save(figure, folders.FIGURES / COSTS)


def _curve(
    axes: Axes, runs: Runs, row: str, of: Callable[[int, str], float | None]
) -> None:
    points = []
    for steps in runs.lengths(row):
        values = [100 * v for v in runs.finetuned(steps, row).values()]
        paid, number = of(steps, row), len(values)
        error = (
            statistics.stdev(values) / math.sqrt(number) if number > 1 else 0
        )
        if paid is not None:
            points.append((paid, statistics.mean(values), error))
    if points:
        shown = ROWS[row]
        x, y, errors = map(list, zip(*points, strict=True))
        axes.errorbar(
            x,
            y,
            errors,
            color=shown.color,
            ls=shown.dashes,
            marker="o",
            ms=4,
            capsize=2,
            label=shown.title,
        )


def _lengthwise(axes: Axes) -> None:
    """Makes the abscissa that of the lengths, all of them."""
    axes.set_xscale("log")
    axes.set_xlim(length_rows.LENGTHS[0] / 1.3, length_rows.LENGTHS[-1] * 1.3)
    axes.set_xticks(
        length_rows.LENGTHS, [f"{steps:,}" for steps in length_rows.LENGTHS]
    )
    axes.minorticks_off()
    axes.set_xlabel("training steps of the student")
    _plain(axes)


def _plain(axes: Axes) -> None:
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)


def _legend(figure: Figure, panels: list[Axes]) -> None:
    """One legend below all panels, each row named once."""
    known: dict[str, Artist] = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        known |= dict(zip(labels, handles, strict=True))
    figure.legend(
        list(known.values()),
        list(known),
        loc="outside lower center",
        ncols=2,
        frameon=False,
        fontsize="small",
    )
