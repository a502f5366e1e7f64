"""The rows of the short tables, and the records that they show."""

from typing import NamedTuple

from benchmarks.common.records import Record
from benchmarks.common.records import read
from keras_mpl import recipes
from keras_mpl.recipes import paper_tables

NAME = "table2_short"
_PREFIX = "cifar10_4k_short"


class Row(NamedTuple):
    """How a row is shown.

    Attributes:
        title: Its name in the table and the figure.
        color: The curve's; empty for one of many that are drawn alike.
        dashes: The curve's.
        cell: Table and row of the paper's figure at full length, if any.
    """

    title: str
    color: str = ""
    dashes: str = "-"
    cell: tuple[str, str] | None = None

    @property
    def short(self) -> str:
        """The title, shortened for a legend."""
        plain = self.title.replace("*", "").replace("`", "")
        return plain.replace("Meta Pseudo Labels", "MPL")

    @property
    def paper(self) -> str:
        """The paper's figure, or an empty text."""
        if self.cell is None:
            return ""
        return paper_tables.cell(*self.cell, "CIFAR-10-4K").figure


ROWS = {
    "supervised": Row(
        "labels alone", "#767676", ":", ("ablation", "Supervised")
    ),
    "randaugment": Row(
        "labels alone, RandAugment",
        "#767676",
        "--",
        ("ablation", "RandAugment"),
    ),
    "pseudo_label": Row(
        "Pseudo Labels of a fixed teacher",
        "#CC79A7",
        "-.",
        ("predecessor", "Pseudo Labels"),
    ),
    "uda": Row("UDA", "#009E73", "--", ("table2", "UDA")),
    "fixmatch": Row("FixMatch", "#56B4E9", "--", ("table2", "FixMatch")),
    "none": Row("student of a UDA teacher, no feedback", "#0072B2", "-."),
    "": Row(
        "**Meta Pseudo Labels** (`soft`, cosine, centred)",
        "#D55E00",
        "-",
        ("table2", "Meta Pseudo Labels"),
    ),
    "uncentered": Row("Meta Pseudo Labels (`soft`, cosine)"),
    "exact": Row("Meta Pseudo Labels (`soft`, exact: Eq. 3)", "#000000", "-"),
    "exact_centered": Row("Meta Pseudo Labels (`soft`, exact, centred)"),
    "hard_batch": Row(
        "Meta Pseudo Labels (`hard_batch`, cosine: Eq. 12)", "#5E3C99", "-"
    ),
    "hard_batch_exact": Row("Meta Pseudo Labels (`hard_batch`, exact)"),
    "hard": Row("Meta Pseudo Labels (`hard`, exact)"),
    "hard_cosine": Row("Meta Pseudo Labels (`hard`, cosine)"),
    "hard_expected": Row("Meta Pseudo Labels (`hard_expected`, exact)"),
    "hard_expected_cosine": Row("Meta Pseudo Labels (`hard_expected`, cosine)"),
    "finite_difference": Row("Meta Pseudo Labels (`finite_difference`)"),
    "none_labels": Row(
        "no feedback, the student has the labels too", "#0072B2", ":"
    ),
    "labels": Row(
        "**Meta Pseudo Labels** (`soft`, cosine, centred), "
        "the student has the labels too",
        "#D55E00",
        ":",
    ),
    "exact_labels": Row(
        "Meta Pseudo Labels (`soft`, exact: Eq. 3), "
        "the student has the labels too",
        "#000000",
        ":",
    ),
}


def recipe_of(key: str) -> recipes.Recipe:
    """Returns the recipe of a row."""
    return recipes.find("_".join(filter(None, (_PREFIX, key))))


def runs() -> dict[str, dict[int, Record]]:
    """Returns records by row and seed, of the recipes as they are today."""
    found: dict[str, dict[int, Record]] = {}
    for key in ROWS:
        today = recipe_of(key).fingerprint()
        for record in read(NAME):
            if record["fingerprint"] == today:
                found.setdefault(key, {})[record["seed"]] = record
    return found
