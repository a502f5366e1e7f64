"""Images per second of views and of the pipeline, as a table of docs/data.md.

The record is the last one of `views_speed.py`.
"""

from benchmarks.common.provenance import where
from benchmarks.common.records import read
from benchmarks.tables import markdown

NAME = "views_speed"
_TITLES = {
    "keras_mpl": (
        "strong view at 32 x 32: mirror, crop, RandAugment(2, 16), cutout, "
        "mirror, crop"
    ),
    "keras_mpl.augment.RandAugment": "`augment.RandAugment(2, 16)`, alone",
    "pipeline": (
        "whole batches of `data.pair` at 32 x 32, both views, as floats: "
        "unlabelled images"
    ),
    "keras.layers.RandAugment": "`keras.layers.RandAugment`, alone",
    "keras_cv.layers.RandAugment": "`keras_cv.layers.RandAugment`, alone",
    "pillow": "the strong view by Pillow, one core",
    "224: jpeg alone": (
        "224 x 224: JPEG of 500 x 375, decoded through a random window"
    ),
    "224: jpeg and both views": "the same and both views",
}
_ONE_CORE = ("pillow",)


def table() -> str:
    """A row per method: the best turn, the median, and the best by core."""
    record = read(NAME)[-1]
    rows = []
    for name, title in _TITLES.items():
        if name in record["rates"]:
            rate = record["rates"][name]
            cores = 1 if name in _ONE_CORE else record["cores"]
            figures = rate["best"], rate["median"], rate["best"] / cores
            rows.append([title, *(f"{value:,.0f}" for value in figures)])
    titles = ("images per second", "best", "median", "best, per core")
    note = (
        f"{record['cores']} cores, load {record['load_average']}; "
        f"{where([record])}; records in "
        f"[benchmarks/results](benchmarks/results/{NAME}.jsonl)."
    )
    return markdown.table(titles, rows, note)


VIEWS = {NAME: table}
