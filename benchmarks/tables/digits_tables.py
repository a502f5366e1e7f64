"""Digits with few labels, feedback against none: two tables and their sum."""

import functools
import statistics

from benchmarks.common.over_seeds import Gap
from benchmarks.common.over_seeds import gap
from benchmarks.common.over_seeds import spread
from benchmarks.common.provenance import where
from benchmarks.common.records import Record
from benchmarks.tables import families
from benchmarks.tables import markdown
from keras_mpl import recipes

# Name of the results file, and what its runs override of `digits_20`.
_OVERRIDES = {
    "digits_20": [],
    "digits_10": ["data.num_labeled=10", "batch_size=10", "unlabeled_ratio=14"],
}
_ROWS = {
    "digits_20_supervised": "student on the labels alone",
    "digits_20_none": "pseudo labels of a UDA teacher, no feedback",
    "digits_20": "**Meta Pseudo Labels**",
}
_CHOSEN = {
    "digits_20": "chosen on the 200 validation images",
    "digits_10": "as for 20 labels, not chosen anew",
}


def digits_table(name: str) -> str:
    """Accuracies of the last step over seeds, and the paired difference."""
    labels, records = _records(name)
    rows = []
    for member, title in _ROWS.items():
        own = [r for r in records if r["recipe"] == member]
        accuracy = spread(r["test_accuracy"] for r in own)
        teacher = spread(r["test_teacher_accuracy"] for r in own)
        seconds = statistics.median(r["seconds"] for r in own)
        rows.append((title, accuracy, teacher, f"{seconds:.0f}"))
    found = _gain(name, records)
    note = (
        f"Mean ± standard deviation over {found.number} seeds, "
        "last step, 500 test "
        f"images; settings {_CHOSEN[name]}. Feedback "
        f"against none, paired by seed: {found.mean:+.1f} points, standard "
        f"error {found.error:.1f}, better on {found.better} of {found.number} "
        f"seeds. {where(records)}; records in "
        f"[benchmarks/results](benchmarks/results/{name}.jsonl)."
    )
    titles = (
        f"digits, {labels} labels: test accuracy in %",
        "averaged student",
        "teacher",
        "seconds",
    )
    return markdown.table(titles, rows, note)


def _records(name: str) -> tuple[int, list[Record]]:
    """The number of labels of a results file, and its records of today."""
    recipe, overrides = recipes.find("digits_20"), _OVERRIDES[name]
    labels = recipes.override(recipe, overrides).data.num_labeled
    return labels, families.current(name, recipe, overrides)


def _gain(name: str, records: list[Record]) -> Gap:
    """Feedback against none, paired by seed."""
    by_recipe: dict[str, dict[int, float]] = {}
    for r in records:
        by_recipe.setdefault(r["recipe"], {})[r["seed"]] = r["test_accuracy"]
    found = gap(by_recipe["digits_20"], by_recipe["digits_20_none"])
    if found is None:
        raise SystemExit(f"{name} must have records of two seeds.")
    return found


def summary_table() -> str:
    """Both tables in a row each, for README.md."""
    rows, every = [], []
    for name in reversed(_OVERRIDES):
        labels, records = _records(name)
        cells = (
            spread(r["test_accuracy"] for r in records if r["recipe"] == member)
            for member in _ROWS
        )
        found = _gain(name, records)
        gain = f"{found.mean:+.1f} (SE {found.error:.1f})"
        rows.append((f"{labels} labels", *cells, gain))
        every += records
    titles = (
        "digits: test accuracy in %",
        "labels alone",
        "UDA teacher, no feedback",
        "**Meta Pseudo Labels**",
        "gain by feedback",
    )
    note = f"{found.number} seeds. {where(every)}."
    return markdown.table(titles, rows, note)


SUMMARY = {"digits_summary": summary_table}
DIGITS = {name: functools.partial(digits_table, name) for name in _OVERRIDES}
