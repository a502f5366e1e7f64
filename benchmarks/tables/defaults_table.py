"""The defaults of Meta Pseudo Labels beside the labels alone, from records."""

from collections.abc import Mapping

from benchmarks.accuracy import short_defaults
from benchmarks.common.over_seeds import gap
from benchmarks.common.over_seeds import spread
from benchmarks.common.provenance import where
from benchmarks.common.records import Record
from benchmarks.common.records import read
from benchmarks.tables import markdown

_SETS = {
    "digits": "digits, 100 labels",
    "cifar10": "CIFAR-10, 500 labels, 16 x 16 pixels",
    "topics": "short texts, 20 labels",
    "breast_cancer": "a table, 10 labels",
}
_ACCURACIES = {
    "supervised": "labels alone",
    "uda": "UDA",
    "now": "**Meta Pseudo Labels**",
}
# What stands beside labels alone, in the order in which it became the default.
_GAPS = {
    "before": "as released",
    "alike": "UDA's consistency, and the labels",
    "no_floor": "by confidence",
    "now": "**default**",
    "folder": "`folder`",
}


def table() -> str:
    """Validation accuracy by set and length, and what the defaults gain."""
    records = [r for r in read(short_defaults.NAME) if _counts(r)]
    present = {r["row"] for r in records}
    shown = [row for row in _ACCURACIES if row in present]
    compared = [row for row in _GAPS if row in present]
    body = []
    for name, title in _SETS.items():
        for steps in sorted({r["steps"] for r in records if r["set"] == name}):
            found = {
                row: _by_seed(records, name, row, steps)
                for row in (*shown, *compared)
            }
            gaps = [gap(found[row], found["supervised"]) for row in compared]
            cells = [spread(found[row].values()) for row in shown]
            cells += ["" if one is None else str(one) for one in gaps]
            numbers = ", ".join(str(one.number) for one in gaps if one)
            body.append([f"{title}, {steps} steps", *cells, numbers])
    titles = ["validation accuracy in %", *(_ACCURACIES[row] for row in shown)]
    titles += [f"{_GAPS[row]} minus labels alone" for row in compared]
    note = (
        "Mean ± standard deviation over the seeds, the averaged student; the "
        "differences are paired by seed. Nothing was chosen on the runs of the "
        "default and of `folder`, whose seeds begin at 400. "
        f"{where(records)}; records in "
        "[benchmarks/results](benchmarks/results/short_defaults.jsonl)."
    )
    return markdown.table([*titles, "seeds of the differences"], body, note)


def _counts(record: Record) -> bool:
    """Whether a record is of today's rows."""
    name, row, steps = record["set"], record["row"], record["steps"]
    if row not in (*_ACCURACIES, *_GAPS):
        return False
    today = short_defaults.settings(name, row, steps)
    return record["settings"] == list(today)


def _by_seed(
    records: list[Record], name: str, row: str, steps: int
) -> Mapping[int, float]:
    """Returns the accuracy of each seed."""
    key = name, row, steps
    return {
        r["seed"]: r["accuracy"]
        for r in records
        if (r["set"], r["row"], r["steps"]) == key
    }
