"""Pictures of what networks say of a plane: points, regions and stars.

Drawn like Figure 2 of the paper. Must not import its siblings but for colours.
"""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from keras_mpl.report.figures import BLUE
from keras_mpl.report.figures import ORANGE

_COLORS, _SHADES = (ORANGE, BLUE), ("#F7DFD0", "#CFE3F0")
_MARKERS = "o^"  # for who cannot tell the colours
_GRID = 161
_MARGIN = 0.35


def regions(
    classify: Callable[[np.ndarray], np.ndarray], points: np.ndarray
) -> np.ndarray:
    """Asks which class each place around the points is.

    Args:
        classify: From places, shape `(num, 2)`, to classes, shape `(num,)`.
        points: What the places surround, shape `(num_points, 2)`.

    Returns:
        Classes, shape `(rows, columns)`, from the lower left on.
    """
    x, y = (np.linspace(*_edges(points)[i], _GRID) for i in (0, 1))
    places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return classify(places.astype(np.float32)).reshape(_GRID, _GRID)


def plane(
    panels: Mapping[str, np.ndarray],
    points: np.ndarray,
    labels: np.ndarray,
    shown: np.ndarray,
    *,
    title: str = "",
    dpi: int = 100,
) -> Figure:
    """Draws points of two classes over the regions of one or more networks.

    Args:
        panels: A panel's title to its `regions` around these points.
        points: Shape `(num_points, 2)`.
        labels: True classes 0 and 1, shape `(num_points,)`.
        shown: Indices of the labelled points, which are stars.
        title: Of the whole figure.
        dpi: Pixels per inch; a panel is 4.2 inches wide.

    Returns:
        A figure of one panel each, side by side.
    """
    size = (4.2 * len(panels), 4.0)
    figure = Figure(figsize=size, dpi=dpi, layout="constrained")
    if title:
        figure.suptitle(title)
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (name, classes) in zip(grid, panels.items(), strict=True):
        _panel(axes, classes, points, labels, shown)
        axes.set_title(name, fontsize=11)
    return figure


def _edges(points: np.ndarray) -> list[tuple[Any, Any]]:
    low, high = points.min(axis=0) - _MARGIN, points.max(axis=0) + _MARGIN
    return [(low[i], high[i]) for i in (0, 1)]


def _panel(
    axes: Axes,
    classes: np.ndarray,
    points: np.ndarray,
    labels: np.ndarray,
    shown: np.ndarray,
) -> None:
    (left, right), (low, high) = _edges(points)
    axes.imshow(
        classes,
        extent=(left, right, low, high),
        origin="lower",
        cmap=ListedColormap(_SHADES),
        vmin=0,
        vmax=1,
        aspect="equal",
    )
    for k, (color, marker) in enumerate(zip(_COLORS, _MARKERS, strict=True)):
        own = points[labels == k]
        axes.scatter(
            own[:, 0], own[:, 1], s=5, c=color, marker=marker, linewidths=0
        )
        stars = points[shown[labels[shown] == k]]
        axes.scatter(
            stars[:, 0],
            stars[:, 1],
            s=190,
            c=color,
            marker="*",
            edgecolors="black",
            zorder=3,
        )
    axes.set_xticks([])
    axes.set_yticks([])
