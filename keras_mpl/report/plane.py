"""Figures of the decision regions of networks on points of a plane.

They look like Figure 2 of the paper. Of its siblings this module imports only
the colours and the escapes.
"""

from collections.abc import Callable
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from keras_mpl.report import escapes
from keras_mpl.report.figures import BLUE
from keras_mpl.report.figures import ORANGE

_COLORS, _SHADES = (ORANGE, BLUE), ("#F7DFD0", "#CFE3F0")
_MARKERS = "o^"  # for readers who cannot tell the colours apart
_GRID = 161
_MARGIN = 0.35


def decision_regions(
    classify: Callable[[np.ndarray], np.ndarray], points: np.ndarray
) -> np.ndarray:
    """Predicts the class at every position of a grid around the points.

    Args:
        classify: Function from positions, shape `(num, 2)`, to predicted
            classes, shape `(num,)`.
        points: The points that the grid surrounds, shape `(num_points, 2)`.

    Returns:
        Predicted classes, shape `(rows, columns)`; row 0 is the lowest.
    """
    x, y = (np.linspace(*edges, _GRID) for edges in _edges(points))
    positions = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return classify(positions.astype(np.float32)).reshape(_GRID, _GRID)


@escapes.without_formulas
def plane(
    panels: Mapping[str, np.ndarray],
    points: np.ndarray,
    labels: np.ndarray,
    labeled: np.ndarray,
    *,
    title: str = "",
    dpi: int = 100,
) -> Figure:
    """Draws points of two classes over the decision regions of networks.

    Args:
        panels: The `decision_regions` of each panel by its title.
        points: The points, shape `(num_points, 2)`.
        labels: True classes 0 and 1, shape `(num_points,)`.
        labeled: Indices of the labelled points; they are drawn as stars.
        title: Title of the figure.
        dpi: Pixels per inch; a panel is 4.2 inches wide.

    Returns:
        A figure with the panels side by side.
    """
    size = (4.2 * len(panels), 3.1)
    figure = Figure(figsize=size, dpi=dpi, layout="constrained")
    if title:
        figure.suptitle(title)
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (name, classes) in zip(grid, panels.items(), strict=True):
        _panel(axes, classes, points, labels, labeled)
        axes.set_title(name, fontsize=11)
    return figure


def _edges(points: np.ndarray) -> list[tuple[float, float]]:
    low, high = points.min(axis=0) - _MARGIN, points.max(axis=0) + _MARGIN
    return list(zip(low, high, strict=True))


def _panel(
    axes: Axes,
    classes: np.ndarray,
    points: np.ndarray,
    labels: np.ndarray,
    labeled: np.ndarray,
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
        stars = points[labeled[labels[labeled] == k]]
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
