"""The short rows of the paper's tables, from the records of `run_table.py`.

A row per method and stage stands beside the paper's figure for the method at
full length.
"""

import statistics
from collections.abc import Mapping

from benchmarks.accuracy import table_rows
from benchmarks.common.over_seeds import gap
from benchmarks.common.over_seeds import spread
from benchmarks.common.provenance import where
from benchmarks.common.records import Record
from benchmarks.common.records import read
from benchmarks.tables import markdown
from benchmarks.tables import short_curves
from benchmarks.tables import short_rows
from benchmarks.tables.short_rows import NAME
from benchmarks.tables.short_rows import ROWS
from benchmarks.tables.short_rows import recipe_of
from keras_mpl import recipes
from keras_mpl.report import tables

ByRow = Mapping[str, Mapping[int, Record]]

_TITLES = (
    "CIFAR-10, 4,000 labels, SHORT: test accuracy in %",
    "trained",
    "teacher",
    "finetuned",
    "minus no feedback, paired",
    "minus UDA, paired",
    "seconds",
    "paper, in full",
)


def table() -> str:
    """A row per method: trained, finetuned, beside the paper's figure."""
    by_row = short_rows.runs()
    rows = []
    for key, by_seed in by_row.items():
        staged = [record["stages"] for record in by_seed.values()]
        trained = [stages[-2]["test_accuracy"] for stages in staged]
        teacher = [stages[-2]["test_teacher_accuracy"] for stages in staged]
        tuned = [stages[-1]["test_accuracy"] for stages in staged]
        seconds = statistics.median(r["seconds"] for r in by_seed.values())
        cells = [ROWS[key].title, *map(spread, (trained, teacher, tuned))]
        cells += [_minus(by_row, key, other) for other in ("none", "uda")]
        rows.append([*cells, f"{seconds:.0f}", ROWS[key].paper])
    short_curves.draw(by_row)
    return markdown.table(_TITLES, rows, _caption(by_row))


def _minus(by_row: ByRow, key: str, other: str) -> str:
    """Says how far a row is above another one at the end, finetuned."""
    if key == other:
        return ""
    ours, theirs = (
        {seed: r["test_accuracy"] for seed, r in by_row.get(row, {}).items()}
        for row in (key, other)
    )
    return str(gap(ours, theirs) or "")


def _caption(by_row: ByRow) -> str:
    records = [r for by_seed in by_row.values() for r in by_seed.values()]
    recipe = recipe_of("")
    unlabeled = recipe.batch_size * recipe.unlabeled_ratio
    counts = sorted({len(by_seed) for by_seed in by_row.values()})
    return (
        "![Learning curves of the short rows, over steps and over seconds]"
        f"(figures/{NAME}.png)\n\n"
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
        f"results/{NAME}.jsonl and {NAME}_tuning.jsonl."
    )


def tuning_table() -> str:
    """What was tried on validation images, and what the recipes took.

    A record belongs to its row and setting, whatever the row's fingerprint is
    today: a choice changes it, and that of every row derived from it.
    """
    records = {
        (record["recipe"], tuple(record["candidate"])): record
        for record in read(f"{NAME}_tuning")
    }
    rows = []
    for key, row in ROWS.items():
        chosen = recipe_of(key)
        for candidate in table_rows.CANDIDATES[chosen.name]:
            record = records.get((chosen.name, candidate))
            if record is None:
                continue
            taken = recipes.override(chosen, candidate) == chosen
            accuracy = tables.percent(record["val_accuracy"])
            setting = ", ".join(f"`{item}`" for item in candidate)
            rows.append((row.title, setting, accuracy, "yes" if taken else ""))
    titles = ("row", "setting", "validation, a third of the steps", "taken")
    note = (
        f"Seed {table_rows.TUNING_SEED}, which is not reported, "
        f"{recipe_of('').data.num_validation:,} validation images: a "
        "standard error of 1.5 points each, so most rows had nothing to choose "
        "between."
    )
    return markdown.table(titles, rows, note)


SHORT_TABLES = {NAME: table, f"{NAME}_tuning": tuning_table}
