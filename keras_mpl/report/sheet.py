"""The contact sheet: a figure of the images that the networks see."""

from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_mpl.report import escapes
from keras_mpl.report import fonts


@escapes.without_formulas
def contact_sheet(
    labeled: np.ndarray,
    names: Sequence[str],
    views: Mapping[str, np.ndarray],
    *,
    title: str,
    columns: int = 12,
    labels: Sequence[int] = (),
) -> Figure:
    """Draws labelled images, and below them the views of unlabelled ones.

    Args:
        labeled: Values in `[0, 1]`, shape `(num, height, width, channels)`.
        names: The class name of each labelled image.
        views: The images of each view by its name. Image `i` of every view
            comes from the same example, and they are drawn under each other.
        title: Title of the figure.
        columns: Number of images per row.
        labels: The class of each labelled image, which stands for a name that
            no installed font can draw; `class ?` does if there are none.

    Returns:
        A figure.
    """
    classes = fonts.shown(names, labels if len(labels) else "?" * len(names))
    rows = [
        ("labelled", labeled[i : i + columns], classes.names[i : i + columns])
        for i in range(0, len(labeled), columns)
    ]
    count = min(map(len, views.values()))
    for i in range(0, count, columns):
        rows += [
            (name, images[i : i + columns], [""] * columns)
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
    for row, (name, images, titles) in zip(grid, rows, strict=True):
        for i, axes in enumerate(row):
            if i < len(images):
                _draw(axes, images[i], titles[i], classes.family)
            else:
                axes.set_axis_off()
        row[0].set_ylabel(name, fontsize=10)
    return figure


def _draw(
    axes: Axes, image: np.ndarray, title: str, family: Sequence[str]
) -> None:
    pixels = image[..., 0] if image.shape[-1] == 1 else image
    axes.imshow(pixels, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(
        title, fontsize=8, fontfamily=family, pad=2, parse_math=False
    )
