"""Figures on disk: written, or with `--check` compared by what they plot."""

import hashlib
import pathlib

import numpy as np
from absl import flags
from matplotlib.figure import Figure
from PIL import Image

_CHECK = flags.DEFINE_bool("check", False, "Fail if a page is stale.")
_KEY = "Description"


def is_check() -> bool:
    """Whether pages and figures are compared, and not written."""
    return flags.FLAGS.is_parsed() and bool(_CHECK.value)


def save(figure: Figure, path: pathlib.Path) -> None:
    """Writes a figure as PNG, with a hash of what it plots.

    Pixels differ with fonts and versions; the hash does not.

    Raises:
        SystemExit: If the figure is to be checked, and the file plots
            something else.
    """
    found = _hash_of(figure)
    if not is_check():
        path.parent.mkdir(exist_ok=True)
        figure.savefig(path, metadata={"Software": None, _KEY: found})
        return
    with Image.open(path) as image:
        if image.info.get(_KEY) != found:
            raise SystemExit(
                f"{path} is stale: run python -m benchmarks.tables.render"
            )


def _hash_of(figure: Figure) -> str:
    """Returns a hash of the lines, areas and texts of a figure."""
    hashed = hashlib.sha256()
    for axes in figure.axes:
        paths = [p for each in axes.collections for p in each.get_paths()]
        points = [line.get_xydata() for line in axes.lines]
        points += [path.vertices for path in paths]
        for array in points:
            hashed.update(
                np.round(np.asarray(array), 6).astype("float64").tobytes()
            )
        texts = [*axes.texts, axes.xaxis.label, axes.yaxis.label, axes.title]
        for text in texts:
            hashed.update(text.get_text().encode())
    return hashed.hexdigest()
