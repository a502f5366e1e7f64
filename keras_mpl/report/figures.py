"""The figures of a run, drawn without pyplot, so that no display is needed.

The colours are those of Okabe and Ito, which colour-blind readers can tell
apart. Lines differ in their dashes, too.
"""

import unicodedata
from collections.abc import Sequence
from typing import Literal
from typing import TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from keras_mpl.report import escapes
from keras_mpl.report import fonts
from keras_mpl.report.formats import Evaluation

_Measure: TypeAlias = Literal[
    "val_accuracy", "val_student_accuracy", "val_teacher_accuracy"
]

BLACK, BLUE, GREEN = "#000000", "#0072B2", "#009E73"
ORANGE, PURPLE, GREY = "#D55E00", "#CC79A7", "#767676"
_BASELINES = ((BLUE, "--"), (GREEN, "-."), (PURPLE, ":"))
_LONGEST = 14  # characters of a class name below an image
_NETWORKS: tuple[tuple[_Measure, str, str, str], ...] = (
    ("val_accuracy", "student, averaged (EMA)", ORANGE, "-"),
    ("val_student_accuracy", "student, not averaged", BLACK, "--"),
    ("val_teacher_accuracy", "teacher", PURPLE, "-."),
)


@escapes.without_formulas
def curves(
    records: Sequence[Evaluation],
    recipe: str,
    *,
    num_classes: int,
    largest_class: float | None = None,
) -> Figure:
    """Draws the validation accuracy over the steps.

    The left panel compares the recipes; the right one compares the networks of
    one recipe.

    Args:
        records: Lines of `metrics.jsonl`.
        recipe: Name of the recipe; the other names are its baselines.
        num_classes: Number of classes; its inverse is what guessing any class
            gives.
        largest_class: The share of the most frequent class of the validation
            set, which always answering that class gives. It is the line of
            comparison if it is given, and guessing otherwise.

    Returns:
        A figure of two panels.
    """
    figure = Figure(figsize=(11, 4.4), dpi=120, layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    names = list(dict.fromkeys(record["recipe"] for record in records))
    baselines = [name for name in names if name != recipe]
    for i, name in enumerate(baselines):
        color, dashes = _BASELINES[i % len(_BASELINES)]
        _line(left, records, name, "val_accuracy", name, color, dashes)
    _line(left, records, recipe, "val_accuracy", recipe, ORANGE, "-")
    left.set_title("Averaged student (EMA), by recipe")
    left.set_ylabel("accuracy on the validation set")
    for key, label, color, dashes in _NETWORKS:
        _line(right, records, recipe, key, label, color, dashes)
    right.set_title(f"The networks of {recipe}")
    if largest_class is None:
        level = 1 / num_classes, f"guessing among {num_classes} classes"
    else:
        level = largest_class, "always the most frequent class"
    for axes in (left, right):
        _format(axes, *level)
    return figure


def _line(
    axes: Axes,
    records: Sequence[Evaluation],
    name: str,
    key: _Measure,
    label: str,
    color: str,
    dashes: str,
) -> None:
    own = [record for record in records if record["recipe"] == name]
    points = [
        (record["step"], value)
        for record in own
        if (value := record.get(key)) is not None
    ]
    if points:
        steps, values = zip(*points, strict=True)
        marker = "o" if len(points) <= 20 else None
        axes.plot(
            steps,
            values,
            label=f"{label}: {100 * values[-1]:.1f} %",
            color=color,
            linestyle=dashes,
            marker=marker,
            markersize=3.5,
            linewidth=1.8,
        )


def _format(axes: Axes, level: float, name: str) -> None:
    axes.axhline(
        level,
        label=f"{name}: {100 * level:.1f} %",
        color=GREY,
        linewidth=1,
        linestyle=(0, (1, 2)),
    )
    axes.set_xlabel("training steps of the student")
    axes.set_xlim(left=0)
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        title="last evaluation",
        fontsize=9,
        title_fontsize=9,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.14),  # below the axes, clear of the curves
        frameon=False,
    )


@escapes.without_formulas
def samples(
    images: np.ndarray,
    labels: np.ndarray,
    predictions: dict[str, np.ndarray],
    *,
    title: str,
    columns: int = 8,
    class_names: Sequence[str] = (),
    by_class: bool = False,
) -> Figure:
    """Draws images with their true class and the networks' predictions.

    Args:
        images: Values in `[0, 1]`, shape `(num, height, width, channels)`.
        labels: True classes, shape `(num,)`.
        predictions: The predicted classes of each network by its name, shape
            `(num,)`. An image gets an orange frame if the last network is
            wrong.
        title: Title of the figure.
        columns: Number of images per row.
        class_names: The name of every class; if empty, classes have numbers.
            A name that no installed font can draw is its number, too.
        by_class: Whether every class begins a row of its own, in the order of
            the classes.

    Returns:
        A figure; wrong predictions are orange, bold, and crossed.
    """
    cells = _cells(np.asarray(labels), columns, by_class)
    rows = len(cells) // columns
    text = 0.2 * (1 + len(predictions))  # inches above and below an image
    height = rows * (1.3 + text) + 0.5
    figure = Figure(figsize=(1.4 * columns, height), dpi=120)
    figure.subplots_adjust(
        left=0.01,
        right=0.99,
        top=1 - 0.7 / height,
        bottom=(text - 0.1) / height,
        hspace=text / 1.3,
        wspace=0.06,
    )
    figure.suptitle(
        f"{title}; orange ✗: wrong", fontsize=12, y=1 - 0.25 / height
    )
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    classes = fonts.shown(class_names, range(len(class_names)))
    for i, axes in zip(cells, grid, strict=True):
        if i is None:
            axes.set_axis_off()
            continue
        own = {name: int(said[i]) for name, said in predictions.items()}
        _sample(axes, images[i], int(labels[i]), own, classes)
    return figure


def _cells(
    labels: np.ndarray, columns: int, by_class: bool
) -> list[int | None]:
    """Returns the image of every cell, row by row; `None` for an empty one."""
    groups = [np.arange(len(labels))]
    if by_class:
        groups = [np.flatnonzero(labels == one) for one in np.unique(labels)]
    cells: list[int | None] = []
    for group in groups:
        cells += [*group.tolist(), *[None] * (-len(group) % columns)]
    return cells


def _sample(
    axes: Axes,
    image: np.ndarray,
    label: int,
    predictions: dict[str, int],
    classes: fonts.Shown,
) -> None:
    def class_name(number: int) -> str:
        name = classes.names[number] if classes.names else str(number)
        return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"

    pixels = image[..., 0] if image.shape[-1] == 1 else image
    axes.imshow(pixels, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    true = f"true {class_name(label)}"
    axes.set_title(
        true,
        fontsize=_size(true),
        fontfamily=classes.family,
        pad=3,
        parse_math=False,
    )
    is_wrong = False
    for i, (name, predicted) in enumerate(predictions.items()):
        is_wrong = predicted != label
        text = f"{name} {class_name(predicted)}" + (" ✗" if is_wrong else "")
        axes.annotate(
            text,
            (0.5, 0),
            xycoords="axes fraction",
            xytext=(0, -11 - 12 * i),
            textcoords="offset points",
            ha="center",
            fontsize=_size(text),
            fontfamily=classes.family,
            parse_math=False,
            color=ORANGE if is_wrong else BLACK,
            fontweight="bold" if is_wrong else "normal",
        )
    for spine in axes.spines.values():
        spine.set_color(ORANGE if is_wrong else "#BBBBBB")
        spine.set_linewidth(2.5 if is_wrong else 0.8)


def _size(text: str) -> float:
    """Returns a font size at which a text is no wider than its image."""
    wide = [unicodedata.east_asian_width(one) in "WF" for one in text]
    return min(9, 150 / (len(text) + sum(wide)))
