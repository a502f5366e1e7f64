"""The table of what helps rare classes, from its records."""

from benchmarks.accuracy import imbalance
from benchmarks.common.over_seeds import gap
from benchmarks.common.over_seeds import spread
from benchmarks.common.provenance import where
from benchmarks.common.records import read
from benchmarks.tables import markdown

_METHODS = {
    "supervised": "labels alone",
    "uda": "UDA",
    "mpl": "Meta Pseudo Labels",
}
_OPTIONS = {
    "plain": "",
    "weights": "`class_weights=balanced`",
    "alignment": "`align_distribution=true`",
    "both": "both",
}


def table() -> str:
    """Balanced accuracy of each row, and what it is above its method's own."""
    found: dict[tuple[str, str], dict[int, float]] = {}
    records = read(imbalance.NAME)
    for r in records:
        row = found.setdefault((r["method"], r["option"]), {})
        row[r["seed"]] = r["accuracy"]
    body = []
    for method, option, _ in imbalance.rows():
        own = found.get((method, option), {})
        above = "" if option == "plain" else gap(own, found[method, "plain"])
        cells = [_METHODS[method], _OPTIONS[option], spread(own.values())]
        body.append([*cells, str(above or "")])
    seeds = len({r["seed"] for r in records})
    note = (
        f"Mean ± standard deviation over {seeds} seeds, 600 validation images, "
        "as many of each class; the averaged student after 300 steps; the mean "
        "difference of the same seeds with its standard error. Nothing was "
        f"chosen on these runs. {where(records)}; records in "
        "[benchmarks/results](benchmarks/results/imbalance.jsonl)."
    )
    titles = ["digits, 30 labels of one class and 3 of the rarest", "", "%"]
    return markdown.table([*titles, "above its method"], body, note)
