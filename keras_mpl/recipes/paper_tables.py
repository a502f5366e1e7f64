"""The paper's tables, cell by cell: the figure, or why it has no recipe.

Figures are verbatim. Those of v4's tables were read from pictures of them,
those of the predecessor (OpenReview rJe04p4YDB: the same method, protocol and
figures) from its text; what is from memory says so. Must not import recipes:
they take their `source` and `expected` from here.
"""

from collections.abc import Iterator
from typing import NamedTuple

_V4 = "arXiv:2003.10580v4"
_MEMORY = "(from memory, unverified)"


class Row(NamedTuple):
    """One line of a table.

    Attributes:
        name: As it is printed.
        figures: Verbatim, one per column; empty where the paper has none.
        reason: Why no recipe has it; empty where one has.
    """

    name: str
    figures: tuple[str, ...]
    reason: str = ""


class Table(NamedTuple):
    """One table.

    Attributes:
        source: What a recipe's `source` says of it.
        title: What it shows.
        columns: Names of the columns with figures.
        rows: Its lines, in order.
    """

    source: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


class Cell(NamedTuple):
    """One figure of the paper.

    Attributes:
        table: Key of `TABLES`.
        row: Name of the row.
        column: Name of the column.
        figure: Verbatim.
        reason: Why no recipe has it; empty where one has.
    """

    table: str
    row: str
    column: str
    figure: str
    reason: str

    @property
    def source(self) -> str:
        """Where to look it up."""
        place = TABLES[self.table].source
        return f"{place}, row {self.row}, column {self.column}"


_NO_METHOD = "the method is not implemented here"
_SELF = "a self-supervised method, not implemented here"
_NETWORK = "the network is not implemented here"
_RMSPROP = (
    "quoted from a training with RMSProp and exponential decay (from memory); "
    "recipes have SGD with a cosine or a constant rate"
)
_STEPS = (
    "quoted from a training whose rate falls in steps (from memory); recipes "
    "have a cosine or a constant rate"
)
_PRIVATE = "trained on labelled images that are not public"
_OTHERS = "quoted from others' work: see their rows in Table 4"

FEW_LABELS = ("CIFAR-10-4K", "SVHN-1K", "ImageNet-10%")
TOP_5 = ("top-1 / top-5",)
REAL = ("top-1 / top-5 / ReaL",)

_TABLE_2 = (
    Row(
        "Temporal Ensemble", ("83.63 +- 0.63", "92.81 +- 0.27", ""), _NO_METHOD
    ),
    Row("Mean Teacher", ("84.13 +- 0.28", "94.35 +- 0.47", "")),
    Row(
        "VAT + EntMin",
        ("86.87 +- 0.39", "94.65 +- 0.19", "- / 83.39"),
        _NO_METHOD,
    ),
    Row("LGA + VAT", ("87.94 +- 0.19", "93.42 +- 0.36", ""), _NO_METHOD),
    Row("ICT", ("92.71 +- 0.02", "96.11 +- 0.04", ""), _NO_METHOD),
    Row("MixMatch", ("93.76 +- 0.06", "96.73 +- 0.31", ""), _NO_METHOD),
    Row("ReMixMatch", ("94.86 +- 0.04", "97.17 +- 0.30", ""), _NO_METHOD),
    Row("EnAET", ("94.65", "97.08", ""), _NO_METHOD),
    Row("FixMatch", ("95.74 +- 0.05", "97.72 +- 0.38", "71.5 / 89.1")),
    Row("UDA", ("94.53 +- 0.18", "97.11 +- 0.17", "68.07 / 88.19")),
    Row("SimCLR", ("", "", "71.7 / 90.4"), _SELF),
    Row("MOCOv2", ("", "", "71.1 / -"), _SELF),
    Row("PCL", ("", "", "- / 85.6"), _SELF),
    Row("PIRL", ("", "", "- / 84.9"), _SELF),
    Row("BYOL", ("", "", "68.8 / 89.0"), _SELF),
    Row(
        "Meta Pseudo Labels",
        ("96.11 +- 0.07", "98.01 +- 0.07", "73.89 / 91.38"),
    ),
    Row(
        "Supervised, full dataset",
        ("94.92 +- 0.17", "97.41 +- 0.16", "76.89 / 93.27"),
    ),
)

_TABLE_3 = (
    Row("Supervised", ("76.9 / 93.3",)),
    Row("AutoAugment", ("77.6 / 93.8",), "AutoAugment is not implemented here"),
    Row("DropBlock", ("78.4 / 94.2",), "DropBlock is not implemented here"),
    Row("FixRes", ("79.1 / 94.6",), _NO_METHOD),
    Row("FixRes + CutMix", ("79.8 / 94.9",), _NO_METHOD),
    Row("NoisyStudent (JFT)", ("78.9 / 94.3",)),
    Row("UDA (JFT)", ("79.0 / 94.5",)),
    Row("Billion-scale SSL (YFCC)", ("82.5 / 96.6",), _NO_METHOD),
    Row("Meta Pseudo Labels (JFT)", ("83.2 / 96.5",)),
)

_TABLE_4 = (
    Row("ResNet-50", ("76.0 / 93.0 / 82.94",), _STEPS),
    Row("ResNet-152", ("77.8 / 93.8 / 84.79",), _NETWORK),
    Row("DenseNet-264", ("77.9 / 93.9 / -",), _NETWORK),
    Row("Inception-v3", ("78.8 / 94.4 / 83.58",), _NETWORK),
    Row("Xception", ("79.0 / 94.5 / -",), _NETWORK),
    Row("Inception-v4", ("80.0 / 95.0 / -",), _NETWORK),
    Row("Inception-resnet-v2", ("80.1 / 95.1 / -",), _NETWORK),
    Row("ResNeXt-101", ("80.9 / 95.6 / 85.18",), _NETWORK),
    Row("PolyNet", ("81.3 / 95.8 / -",), _NETWORK),
    Row("SENet", ("82.7 / 96.2 / -",), _NETWORK),
    Row("NASNet-A", ("82.7 / 96.2 / 82.56",), _NETWORK),
    Row("AmoebaNet-A", ("82.8 / 96.1 / -",), _NETWORK),
    Row("PNASNet", ("82.9 / 96.2 / -",), _NETWORK),
    Row("AmoebaNet-C + AutoAugment", ("83.5 / 96.5 / -",), _NETWORK),
    Row("GPipe", ("84.3 / 97.0 / -",), _NETWORK),
    Row("EfficientNet-B7", ("85.0 / 97.2 / -",), _RMSPROP),
    Row("EfficientNet-B7 + FixRes", ("85.3 / 97.4 / -",), _NO_METHOD),
    Row("EfficientNet-L2", ("85.5 / 97.5 / -",), _RMSPROP),
    Row("ResNet-50 Billion-scale SSL", ("81.2 / 96.0 / -",), _PRIVATE),
    Row("ResNeXt-101 Billion-scale SSL", ("84.8 / - / -",), _PRIVATE),
    Row("ResNeXt-101 WSL", ("85.4 / 97.6 / 88.19",), _PRIVATE),
    Row("FixRes ResNeXt-101 WSL", ("86.4 / 98.0 / 89.73",), _PRIVATE),
    Row("BiT-L", ("87.5 / 98.5 / 90.54",), _PRIVATE),
    Row("Noisy Student (EfficientNet-L2)", ("88.4 / 98.7 / 90.55",)),
    Row("Noisy Student + FixRes", ("88.5 / 98.7 / -",), _NO_METHOD),
    Row("ViT-H", ("88.55 / - / 90.72",), _PRIVATE),
    Row("EfficientNet-L2-NoisyStudent + SAM", ("88.6 / 98.6 / -",), _NO_METHOD),
    Row("Meta Pseudo Labels (EfficientNet-B6-Wide)", ("90.0 / 98.7 / 91.12",)),
    Row("Meta Pseudo Labels (EfficientNet-L2)", ("90.2 / 98.8 / 91.02",)),
)

_ABLATION = (
    Row(
        "Supervised",
        ("82.14 +- 0.25", "88.17 +- 0.47", "57.75 / 80.23"),
    ),
    Row(
        "Label smoothing",
        ("82.21 +- 0.18", f"89.39 +- 0.25 {_MEMORY}", ""),
    ),
    Row(
        "Supervised + MPL",
        ("83.71 +- 0.21", f"91.89 +- 0.14 {_MEMORY}", ""),
    ),
    Row(
        "RandAugment",
        (
            "85.53 +- 0.25",
            f"93.11 +- 0.40 {_MEMORY}",
            "60.88 / - (the predecessor's 57.75 + 3.13)",
        ),
    ),
    Row(
        "RandAugment + MPL",
        ("87.55 +- 0.14", f"94.02 +- 0.05 {_MEMORY}", ""),
    ),
    Row("UDA", ("94.53 +- 0.18", "97.11 +- 0.17", "68.07 / 88.19")),
    Row("UDA + MPL", ("96.11 +- 0.07", "98.01 +- 0.07", "")),
)

_PREDECESSOR = (
    Row(
        "Purely supervised",
        ("82.14 +- 0.25", "88.17 +- 0.47", "57.75 / 80.23"),
    ),
    Row("Pseudo Labels", ("83.79 +- 0.11", "89.81 +- 0.41", "58.21 / 82.19")),
    Row("UDA", ("94.53 +- 0.18", "97.11 +- 0.17", "68.07 / 88.19")),
    Row(
        "Coaching before finetuning",
        ("95.60 +- 0.19", "97.79 +- 0.11", "72.39 / 90.52"),
    ),
    Row(
        "Coaching after finetuning",
        ("96.11 +- 0.07", "98.01 +- 0.07", "72.94 / 90.80"),
    ),
    Row(
        "Supervised, full data",
        ("94.92 +- 0.17", "97.41 +- 0.16", "76.89 / 93.27"),
    ),
)

_STORED = (
    "stored probabilities belong to data in memory; ImageNet and YFCC100M are "
    "streamed"
)
_TINY = "the 80 Million Tiny Images were withdrawn by those who published them"
_REDUCED = (
    Row("CIFAR-10 + TinyImages", (f"98.56 +- 0.07 {_MEMORY}",), _TINY),
    Row("SVHN + extra", (f"98.78 +- 0.07 {_MEMORY}",)),
    Row("ImageNet + YFCC100M (EfficientNet-B7)", ("86.9",), _STORED),
)

TABLES = {
    "table1": Table(
        f"{_V4} Table 1",
        "ImageNet, summary",
        ("top-1 / ReaL",),
        (
            Row("Previous SOTA", ("88.6 / 90.72",), _OTHERS),
            Row("Ours", ("90.2 / 91.02",)),
        ),
    ),
    "table2": Table(f"{_V4} Table 2", "Few labels", FEW_LABELS, _TABLE_2),
    "table3": Table(f"{_V4} Table 3", "ResNet-50, ImageNet", TOP_5, _TABLE_3),
    "table4": Table(f"{_V4} Table 4", "ImageNet", REAL, _TABLE_4),
    "ablation": Table(
        "arXiv:2003.10580v1 Table 1",
        "Ablation: with and without MPL",
        FEW_LABELS,
        _ABLATION,
    ),
    "predecessor": Table(
        "OpenReview rJe04p4YDB Table 1",
        "The predecessor, with and without finetuning",
        FEW_LABELS,
        _PREDECESSOR,
    ),
    "reduced": Table(
        f"{_V4} App. E", "Reduced Meta Pseudo Labels", ("top-1",), _REDUCED
    ),
}


def cells() -> Iterator[Cell]:
    """Returns every figure of the tables, in order."""
    for key, table in TABLES.items():
        for row in table.rows:
            for column, figure in zip(table.columns, row.figures, strict=True):
                if figure:
                    yield Cell(key, row.name, column, figure, row.reason)


def cell(table: str, row: str, column: str | None = None) -> Cell:
    """Returns one figure.

    Args:
        table: Key of `TABLES`.
        row: Name of a row.
        column: Name of a column; not needed where there is one.

    Raises:
        KeyError: If there is no such figure.

    >>> cell("table2", "Meta Pseudo Labels", "SVHN-1K").figure
    '98.01 +- 0.07'
    """
    for found in cells():
        if (found.table, found.row) == (table, row):
            if column in (None, found.column):
                return found
    raise KeyError((table, row, column))
