"""The table of feedback along an average of gradients, from its records."""

from benchmarks.accuracy import averaged_gradient
from benchmarks.accuracy.averaged_gradient import Cell
from benchmarks.common.over_seeds import gap
from benchmarks.common.over_seeds import spread
from benchmarks.common.provenance import where
from benchmarks.common.records import Record
from benchmarks.common.records import read
from benchmarks.tables import markdown

_SETS = {
    "digits_20": "digits, 20 labels, 300 steps",
    "digits_100": "digits, 100 labels, 300 steps",
    "cifar10": "CIFAR-10, 4,000 labels, 1,000 steps",
}
_KINDS = {
    "none": "no feedback",
    "as it is": "Eq. 3, one step's labelled gradient",
    "average 0.9": "its average, decay 0.9",
    "average 0.99": "its average, decay 0.99",
}


def table() -> str:
    """Validation accuracy of each kind, above none and above the kind as is."""
    records = [r for r in read(averaged_gradient.NAME) if _counts(r)]
    found: dict[tuple[str, str], dict[int, float]] = {}
    for r in records:
        found.setdefault((r["on"], r["kind"]), {})[r["seed"]] = r["accuracy"]
    rows = []
    for on, title in _SETS.items():
        for kind, words in _KINDS.items():
            if (on, kind) not in found:
                continue
            own = found[on, kind]
            cells = [title, words, spread(own.values())]
            for other in ("none", "as it is"):
                theirs = found.get((on, other), {})
                is_first = kind in ("none", other)
                cells.append("" if is_first else str(gap(own, theirs) or ""))
            rows.append([*cells, str(len(own))])
    wanted = averaged_gradient.SETS.items()
    missing = [
        f"{_SETS[on]}, {_KINDS[kind]} ({number - have} of {number})"
        for on, number in wanted
        for kind in _KINDS
        if (have := len(found.get((on, kind), {}))) < number
    ]
    still = f" **Not finished yet**: {'; '.join(missing)}." if missing else ""
    note = (
        "Mean ± standard deviation over seeds, validation images, the averaged "
        "student; differences are paired by seed, with their standard error. "
        f"No test image was read. {where(records)}; records in "
        "[benchmarks/results]"
        f"(benchmarks/results/{averaged_gradient.NAME}.jsonl).{still}"
    )
    titles = ["validation accuracy in %", "", "student", "above none"]
    return markdown.table([*titles, "above one step's", "seeds"], rows, note)


def _counts(record: Record) -> bool:
    """Whether a record is of today's rows."""
    today = Cell(record["on"], record["kind"]).settings
    return record["settings"] == list(today)


AVERAGED = {averaged_gradient.NAME: table}
