"""The table of a teacher that never sees a label, from its records."""

from benchmarks.accuracy import unseen_labels
from benchmarks.accuracy.unseen_labels import Run
from benchmarks.common.over_seeds import gap
from benchmarks.common.over_seeds import spread
from benchmarks.common.provenance import where
from benchmarks.common.records import Record
from benchmarks.common.records import read
from benchmarks.tables import markdown

_ROWS = {
    "feedback": "feedback of Eq. 3",
    "shuffled": "the credit of another example",
    "none": "no feedback",
}
_SEEDS = 24
NOTHING = "Nothing is recorded yet."


def table() -> str:
    """Accuracy of student and teacher by labels and by what it is told."""
    records = read(unseen_labels.NAME)
    found: dict[tuple[int, str], dict[int, Record]] = {}
    for r in records:
        if r["stage"] == "test" and r["settings"] == _today(r):
            found.setdefault((r["labels"], r["row"]), {})[r["seed"]] = r
    if not found:
        return NOTHING
    rows = [
        _line(found, labels, row)
        for labels in unseen_labels.LABELS
        for row in _ROWS
        if (labels, row) in found
    ]
    titles = [
        "digits, the teacher never sees a label: test accuracy in %",
        "labels",
        "student",
        "teacher",
        "student, feedback minus this row",
        "teacher, likewise",
        "seeds",
    ]
    return markdown.table(titles, rows, _caption(found))


def _today(record: Record) -> list[str]:
    """The settings that a record must have to count."""
    run = Run(record["labels"], record["row"], record["weight"])
    return list(run.settings)


def _line(
    found: dict[tuple[int, str], dict[int, Record]], labels: int, row: str
) -> list[str]:
    cells = [_ROWS[row], str(labels)]
    own, best = found[labels, row], found.get((labels, "feedback"), {})
    keys = ("accuracy", "teacher_accuracy")
    of = [
        [{seed: r[key] for seed, r in by.items()} for by in (best, own)]
        for key in keys
    ]
    cells += [spread(ours.values()) for _, ours in of]
    for theirs, ours in of:
        cells.append("" if row == "feedback" else str(gap(theirs, ours) or ""))
    return [*cells, str(len(own))]


def _caption(found: dict[tuple[int, str], dict[int, Record]]) -> str:
    records = [r for by in found.values() for r in by.values()]
    weight = ", ".join(dict.fromkeys(f"{r['weight']:g}" for r in records))
    missing = [
        f"{labels} labels, {title} ({_SEEDS - have} of {_SEEDS})"
        for labels in unseen_labels.LABELS
        for row, title in _ROWS.items()
        if (have := len(found.get((labels, row), {}))) < _SEEDS
    ]
    still = f" **Not finished yet**: {'; '.join(missing)}." if missing else ""
    return (
        "Mean ± standard deviation over seeds, 500 test images, the averaged "
        "student and the teacher as they are after "
        f"{unseen_labels.levers.STEPS} steps; differences are paired by seed, "
        "with their standard error. Neither the teacher's loss nor the "
        "student's has a label, and the teacher has no loss but the feedback "
        f"of Eq. 3. Its weight, {weight}, is the best on validation of "
        f"{', '.join(f'{w:g}' for w in unseen_labels.WEIGHTS)}, at "
        f"{unseen_labels.TUNED_AT} labels, seeds "
        f"{' and '.join(map(str, unseen_labels.TUNING_SEEDS))}. "
        f"{where(records)}; records in [benchmarks/results]"
        f"(benchmarks/results/{unseen_labels.NAME}.jsonl).{still}"
    )


UNSEEN = {unseen_labels.NAME: table}
