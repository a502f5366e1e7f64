"""The table of what cheaper steps cost in accuracy, from its records."""

from benchmarks.accuracy import shortcuts
from benchmarks.common.over_seeds import gap
from benchmarks.common.over_seeds import spread
from benchmarks.common.provenance import where
from benchmarks.common.records import read
from benchmarks.tables import markdown

_TITLES = {
    "digits_20": "Meta Pseudo Labels",
    "digits_20_none": "no feedback",
    "digits_20_uda": "UDA",
}


def table() -> str:
    """Test accuracy of each row, and what it is above its row as released."""
    found: dict[tuple[str, str, int], dict[int, float]] = {}
    records = read(shortcuts.NAME)
    for r in records:
        key = r["recipe"], r["weak_view"], r["every"]
        found.setdefault(key, {})[r["seed"]] = r["accuracy"]
    rows = []
    for keys, _ in shortcuts.rows():
        recipe, weak_view, every = keys.values()
        own = found.get((recipe, weak_view, every), {})
        plain = found.get((recipe, "joint", 1), {})
        title = _TITLES[recipe]
        title += ", weak view apart" if weak_view == "apart" else ""
        title += f", feedback every {every} steps" if every > 1 else ""
        above = "" if own is plain else str(gap(own, plain) or "")
        rows.append([title, spread(own.values()), above])
    seeds = len({r["seed"] for r in records})
    note = (
        f"Mean ± standard deviation over {seeds} seeds, 500 test images, the "
        "averaged student, and the mean difference of the same seeds with its "
        f"standard error. {where(records)}."
    )
    titles = ["20 digits: test accuracy in %", "", "difference"]
    return markdown.table(titles, rows, note)
