"""The short rows of the paper's tables, from the records of `run_table.py`.

A row per method and stage, beside the paper's figure for the method at full
length; learning curves over steps and over the clock. `render.py` calls it.
"""

import pathlib
import statistics
from typing import NamedTuple

import numpy as np
import table_rows
from matplotlib.figure import Figure
from over_seeds import gap
from over_seeds import spread
from records import read

from keras_mpl import recipes
from keras_mpl import report

FIGURES = pathlib.Path(__file__).parent / "figures"
NAME = "table2_short"
_PREFIX = "cifar10_4k_short"


class Row(NamedTuple):
    """How a row is shown.

    Attributes:
        title: In table and figure.
        paper: The figure at full length; empty if we know none. Table 2;
            Supervised and RandAugment from arXiv:2003.10580v1, Table 1.
        color: Of the curve.
        dashes: Of the curve.
    """

    title: str
    paper: str
    color: str
    dashes: str


_ROWS = {
    "supervised": Row("labels alone", "82.14 ± 0.25", "#767676", ":"),
    "randaugment": Row(
        "labels alone, RandAugment", "85.53 ± 0.25", "#767676", "--"
    ),
    "pseudo_label": Row(
        "Pseudo Labels of a fixed teacher", "", "#CC79A7", "-."
    ),
    "uda": Row("UDA", "94.53 ± 0.18", "#009E73", "--"),
    "fixmatch": Row("FixMatch", "95.74 ± 0.05", "#56B4E9", "--"),
    "none": Row("student of a UDA teacher, no feedback", "", "#0072B2", "-."),
    "": Row(
        "**Meta Pseudo Labels** (`soft`, cosine, centred)",
        "96.11 ± 0.07",
        "#D55E00",
        "-",
    ),
    "exact": Row(
        "Meta Pseudo Labels (`soft`, exact: Eq. 3)", "", "#000000", "-"
    ),
}


def runs():
    """Returns records by row and seed, of the recipes as they are today."""
    found = {}
    for key in _ROWS:
        recipe = recipes.find("_".join(filter(None, (_PREFIX, key))))
        today = recipe.fingerprint()
        for record in read(NAME):
            if record["fingerprint"] == today:
                found.setdefault(key, {})[record["seed"]] = record
    return found


def _accuracies(by_seed):
    return {seed: r["test_accuracy"] for seed, r in by_seed.items()}


def table():
    """A row per method: trained, finetuned, beside the paper's figure."""
    by_row = runs()
    lines = [
        "| CIFAR-10, 4,000 labels, SHORT: test accuracy in % | trained "
        "| finetuned | teacher | less `none`, paired | seconds "
        "| paper, in full |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for key, by_seed in by_row.items():
        shown = _ROWS[key]
        staged = [record["stages"] for record in by_seed.values()]
        trained = [stages[-2]["test_accuracy"] for stages in staged]
        teacher = [stages[-2]["test_teacher_accuracy"] for stages in staged]
        tuned = [stages[-1]["test_accuracy"] for stages in staged]
        seconds = statistics.median(r["seconds"] for r in by_seed.values())
        none = _accuracies(by_row.get("none", {}))
        found = gap(_accuracies(by_seed), none) if key != "none" else None
        cells = (shown.title, spread(trained), spread(tuned), spread(teacher))
        cells += (str(found or ""), f"{seconds:.0f}", shown.paper)
        lines.append("| " + " | ".join(cells) + " |")
    last = list(by_row.values())[-1]
    record = last[max(last)]
    recipe = recipes.find(_PREFIX)
    counts = {len(by_seed) for by_seed in by_row.values()}
    unlabeled = recipe.batch_size * recipe.unlabeled_ratio
    versions = record["versions"]
    curves(by_row)
    return "\n".join(
        [
            *lines,
            "",
            "![Learning curves of the short rows, over steps and over seconds]"
            f"(figures/{NAME}.png)",
            "",
            f"**Short**: {recipe.train_steps} steps of {recipe.batch_size} "
            f"labelled and {unlabeled} unlabelled images, `{recipe.model}`, "
            f"then {recipe.finetune_steps} steps of finetuning; says nothing "
            "of the paper's figures, which stand there to say how short it is. "
            "Mean ± standard deviation over "
            f"{' or '.join(map(str, sorted(counts)))} seeds, last step, "
            f"{recipe.num_test:,} test images; three settings per row tried "
            "on validation. Seconds are of the clock, on one core of a "
            "machine that others used too. "
            f"{record['device']}; TensorFlow {versions['tensorflow']}, Keras "
            f"{versions['keras']}; commit {(record['commit'] or '')[:10]}; "
            f"records in results/{NAME}.jsonl and {NAME}_tuning.jsonl.",
        ]
    )


def tuning_table():
    """What was tried on validation, and what the recipes took."""
    name = f"{NAME}_tuning"
    current = {
        recipe.fingerprint(): (recipe.name, candidate)
        for recipe, candidate in table_rows.plan(
            "table2", is_short=True, is_tuning=True, overrides=[]
        )
    }
    tried = {}
    for record in read(name):
        if record["fingerprint"] in current:
            row, candidate = current[record["fingerprint"]]
            tried.setdefault(row, {})[candidate] = record["val_accuracy"]
    rows = []
    for row, accuracies in tried.items():
        chosen = recipes.find(row)
        for candidate, accuracy in accuracies.items():
            taken = recipes.override(chosen, candidate) == chosen
            cells = [", ".join(candidate), report.percent(accuracy)]
            rows.append([row, *cells, "yes" if taken else ""])
    header = ["row", "setting", "validation, a third of the steps", "taken"]
    return report.markdown(header, rows)


def curves(by_row):
    """Draws validation accuracy over steps and seconds, mean and range."""
    figure = Figure(figsize=(11, 4.6), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for key, by_seed in by_row.items():
        points = [_curve(record) for record in by_seed.values()]
        steps = points[0][0]
        seconds = np.mean([p[1] for p in points], axis=0)
        values = np.array([p[2] for p in points])
        shown = _ROWS[key]
        label = shown.title.replace("*", "").replace("`", "")
        for axes, x in ((left, steps), (right, seconds)):
            mean = values.mean(axis=0)
            axes.plot(x, mean, shown.dashes, color=shown.color, label=label)
            low, high = values.min(axis=0), values.max(axis=0)
            axes.fill_between(x, low, high, color=shown.color, alpha=0.12, lw=0)
    left.set_xlabel("training steps of the student")
    right.set_xlabel("seconds of the clock, one core, mean over seeds")
    left.set_ylabel("accuracy of the averaged student on validation, %")
    for axes in (left, right):
        axes.grid(axis="y", color="#DDDDDD", linewidth=0.8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlim(left=0)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=3, frameon=False
    )
    FIGURES.mkdir(exist_ok=True)
    figure.savefig(FIGURES / f"{NAME}.png")


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
