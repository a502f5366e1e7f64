"""The table of ramped moving statistics, from its records."""

from benchmarks.accuracy import moving_statistics
from benchmarks.common.over_seeds import spread
from benchmarks.common.provenance import where
from benchmarks.common.records import read
from benchmarks.tables import markdown

_TITLES = {
    "supervised": "labels alone",
    "uda": "UDA",
    "none": "no feedback",
    "mpl": "Meta Pseudo Labels",
}


def table() -> str:
    """Validation accuracy by length, with a fixed and a rising momentum."""
    records = read(moving_statistics.NAME)
    rows = []
    for row, title in _TITLES.items():
        cells = [
            spread(
                [
                    r["accuracy"]
                    for r in records
                    if (r["row"], r["steps"], r["is_ramped"])
                    == (row, steps, is_ramped)
                ]
            )
            for steps in moving_statistics.STEPS
            for is_ramped in (False, True)
        ]
        rows.append([title, *cells])
    titles = ["20 digits: validation accuracy in %"]
    for steps in moving_statistics.STEPS:
        titles += [f"{steps} steps, fixed", "rising"]
    seeds = len({r["seed"] for r in records})
    note = (
        f"Mean ± standard deviation over {seeds} seeds, 200 validation "
        f"images, the averaged student. {where(records)}."
    )
    return markdown.table(titles, rows, note)
