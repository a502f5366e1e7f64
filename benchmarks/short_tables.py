"""The short rows of the paper's tables, from the records of `run_table.py`.

A row per method and stage, beside the paper's figure for the method at full
length; learning curves over steps and over the clock. `render.py` calls it.
"""

import pathlib
import statistics
from typing import NamedTuple

import drawn
import numpy as np
import table_rows
from matplotlib.figure import Figure
from over_seeds import gap
from over_seeds import spread
from provenance import where
from records import read

from keras_mpl import recipes
from keras_mpl.recipes import paper_tables
from keras_mpl.report import tables

FIGURES = pathlib.Path(__file__).parent / "figures"
NAME = "table2_short"
_PREFIX = "cifar10_4k_short"


class Row(NamedTuple):
    """How a row is shown.

    Attributes:
        title: In table and figure.
        color: Of the curve; none for one of many that are drawn alike.
        dashes: Of the curve.
        cell: Table and row of the paper's figure at full length, if any.
    """

    title: str
    color: str = ""
    dashes: str = "-"
    cell: tuple[str, str] | None = None

    @property
    def short(self):
        """The title as a legend has it."""
        plain = self.title.replace("*", "").replace("`", "")
        return plain.replace("Meta Pseudo Labels", "MPL")

    @property
    def paper(self):
        """The paper's figure, or nothing."""
        if self.cell is None:
            return ""
        return paper_tables.cell(*self.cell, "CIFAR-10-4K").figure


_ROWS = {
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


def runs():
    """Returns records by row and seed, of the recipes as they are today."""
    found = {}
    for key in _ROWS:
        today = recipes.find(_recipe_name(key)).fingerprint()
        for record in read(NAME):
            if record["fingerprint"] == today:
                found.setdefault(key, {})[record["seed"]] = record
    return found


def _recipe_name(key):
    return "_".join(filter(None, (_PREFIX, key)))


def _accuracies(by_seed):
    return {seed: r["test_accuracy"] for seed, r in by_seed.items()}


def table():
    """A row per method: trained, finetuned, beside the paper's figure."""
    by_row = runs()
    lines = [
        "| CIFAR-10, 4,000 labels, SHORT: test accuracy in % | trained "
        "| teacher | finetuned | minus no feedback, paired "
        "| minus UDA, paired | seconds | paper, in full |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for key, by_seed in by_row.items():
        shown = _ROWS[key]
        staged = [record["stages"] for record in by_seed.values()]
        trained = [stages[-2]["test_accuracy"] for stages in staged]
        teacher = [stages[-2]["test_teacher_accuracy"] for stages in staged]
        tuned = [stages[-1]["test_accuracy"] for stages in staged]
        seconds = statistics.median(r["seconds"] for r in by_seed.values())
        cells = (shown.title, spread(trained), spread(teacher), spread(tuned))
        cells += tuple(_less(by_row, key, other) for other in ("none", "uda"))
        cells += (f"{seconds:.0f}", shown.paper)
        lines.append("| " + " | ".join(cells) + " |")
    curves(by_row)
    return "\n".join([*lines, "", *_caption(by_row)])


def _less(by_row, key, other):
    """How far a row is above another at the end, finetuned, as text."""
    found = None
    if key != other:
        ours, theirs = (by_row.get(row, {}) for row in (key, other))
        found = gap(_accuracies(ours), _accuracies(theirs))
    return str(found or "")


def _caption(by_row):
    records = [r for by_seed in by_row.values() for r in by_seed.values()]
    recipe = recipes.find(_PREFIX)
    unlabeled = recipe.batch_size * recipe.unlabeled_ratio
    counts = sorted({len(by_seed) for by_seed in by_row.values()})
    return (
        "![Learning curves of the short rows, over steps and over seconds]"
        f"(figures/{NAME}.png)",
        "",
        f"**Short**: {recipe.train_steps} steps of {recipe.batch_size} "
        f"labelled and {unlabeled} unlabelled images, "
        f"`{recipe.model.network}`, then "
        f"{recipe.stages.finetune_steps} steps of finetuning; says nothing "
        "of the paper's figures, which stand there to say how short it is. "
        "Equal are the steps, not the seconds, which are of the clock, all "
        "stages and tests, on one core of a machine that others used too. "
        "Mean ± standard deviation over "
        f"{' or '.join(map(str, counts))} seeds, last step, "
        f"{recipe.data.num_test:,} test images; "
        "differences are of the finetuned students, by seed, and their 95 % "
        "intervals ± 4.3 SE at three seeds. "
        "Three settings per row tried on validation. The curves: mean and "
        "range over seeds (thin ones: mean); seconds of the training and the "
        "pre-training of a fixed teacher, finetuning not. "
        f"{where(records)}; records in "
        f"results/{NAME}.jsonl and {NAME}_tuning.jsonl.",
    )


def tuning_table():
    """What was tried on validation, and what the recipes took.

    By row and setting, whatever the row's fingerprint is today: a choice
    changes it, and that of every row derived from it.
    """
    records = {
        (record["recipe"], tuple(record["candidate"])): record
        for record in read(f"{NAME}_tuning")
    }
    rows = []
    for key, shown in _ROWS.items():
        chosen = recipes.find(_recipe_name(key))
        for candidate in table_rows.CANDIDATES[chosen.name]:
            record = records.get((chosen.name, candidate))
            if record is None:
                continue
            taken = recipes.override(chosen, candidate) == chosen
            accuracy = tables.percent(record["val_accuracy"])
            setting = ", ".join(f"`{item}`" for item in candidate)
            cells = [shown.title, setting, accuracy]
            rows.append([*cells, "yes" if taken else ""])
    header = ["row", "setting", "validation, a third of the steps", "taken"]
    seed = table_rows.TUNING_SEED
    return (
        tables.markdown(header, rows)
        + f"\n\nSeed {seed}, which is not reported, "
        f"{recipes.find(_PREFIX).data.num_validation:,} validation images: a "
        "standard error of 1.5 points each, so most rows had nothing to choose "
        "between."
    )


def curves(by_row):
    """Draws validation accuracy over steps and seconds, mean and range."""
    figure = Figure(figsize=(11, 5.2), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    alike = [key for key in by_row if not _ROWS[key].color]
    for key, by_seed in by_row.items():
        points = [_curve(record) for record in by_seed.values()]
        steps = points[0][0]
        seconds = np.mean([p[1] for p in points], axis=0)
        values = np.array([p[2] for p in points])
        shown = _ROWS[key]
        style = {"color": shown.color, "ls": shown.dashes, "label": shown.short}
        if key in alike:
            many = f"MPL, {len(alike)} other kinds and scales"
            label = many if key == alike[0] else ""
            style = {"color": "#E69F00", "lw": 0.8, "label": label}
        for axes, x in ((left, steps), (right, seconds)):
            axes.plot(x, values.mean(axis=0), **style)
            if key not in alike:
                low, high, color = values.min(0), values.max(0), shown.color
                axes.fill_between(x, low, high, color=color, alpha=0.12, lw=0)
    left.set_xlabel("training steps of the student")
    right.set_xlabel("seconds of the clock, one core, mean over seeds")
    left.set_xlim(left=0)
    right.set_xscale("log")
    right.xaxis.set_major_formatter("{x:.0f}")
    left.set_ylabel("accuracy on validation, averaged student, %")
    for axes in (left, right):
        axes.grid(axis="y", color="#DDDDDD", linewidth=0.8)
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=3,
        frameon=False,
        fontsize="small",
    )
    drawn.save(figure, FIGURES / f"{NAME}.png")


def _curve(record):
    """Steps, seconds and percent of the training itself, finetuning not."""
    before = [p for p in record["curve"] if p["stage"] == "pretrain"]
    points = [p for p in record["curve"] if p["stage"] == "train"]
    offset = before[-1]["seconds"] if before else 0.0
    start = before[-1]["step"] if before else 0
    return (
        [point["step"] - start for point in points],
        [point["seconds"] + offset for point in points],
        [100 * point["val_accuracy"] for point in points],
    )


SHORT_TABLES = {NAME: table, f"{NAME}_tuning": tuning_table}
