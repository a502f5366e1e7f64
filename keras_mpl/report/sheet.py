"""A contact sheet: what the networks are shown, for a person to look at."""

from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def contact_sheet(
    labeled: np.ndarray,
    names: Sequence[str],
    views: Mapping[str, np.ndarray],
    *,
    title: str,
    columns: int = 12,
) -> Figure:
    """Draws labelled images, and the views of unlabelled ones in pairs.

    Args:
        labeled: Values in `[0, 1]`, shape `(num, height, width, channels)`.
        names: Class of each.
        views: Name to images of equal shape; image `i` of all of them comes
            from one example, and they are drawn under each other.
        title: Of the whole figure.
        columns: Images per row.

    Returns:
        A figure.
    """
    rows = [
        ("labelled", labeled[i : i + columns], names[i : i + columns])
        for i in range(0, len(labeled), columns)
    ]
    count = min(map(len, views.values()))
    for i in range(0, count, columns):
        rows += [
            (name, images[i : i + columns], ("",) * columns)
            for name, images in views.items()
        ]
    figure = Figure(
        figsize=(0.9 * columns + 0.9, 1.02 * len(rows) + 0.6), dpi=120
    )
    figure.suptitle(title, fontsize=12)
    figure.subplots_adjust(
        left=0.08, right=0.995, bottom=0.01, wspace=0.06, hspace=0.22
    )
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for line, (name, images, said) in zip(grid, rows, strict=True):
        for i, axes in enumerate(line):
            if i < len(images):
                _draw(axes, images[i], said[i])
            else:
                axes.set_axis_off()
        line[0].set_ylabel(name, fontsize=10)
    return figure


def _draw(axes: Axes, image: np.ndarray, name: str) -> None:
    pixels = image[..., 0] if image.shape[-1] == 1 else image
    axes.imshow(pixels, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(name, fontsize=8, pad=2, parse_math=False)
