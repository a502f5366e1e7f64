"""Writes the records of `benchmarks/results` as tables into the pages.

    python -m benchmarks.tables.render          # writes
    python -m benchmarks.tables.render --check  # fails if a page is stale

A page names the places of its tables in comments. A table that has no records
yet is left as it stands on the page. `docs/paper.md` and
`benchmarks/README.md` also have tables that need no training: what recipes
there are, and what they would cost.
"""

from collections.abc import Callable
from collections.abc import Mapping

from absl import app

from benchmarks.accuracy import shortcuts
from benchmarks.common import folders
from benchmarks.common.records import read
from benchmarks.speed import cost
from benchmarks.tables import cost_check
from benchmarks.tables import cost_table
from benchmarks.tables import figures
from benchmarks.tables import shortcuts_table
from benchmarks.tables.averaged_table import AVERAGED
from benchmarks.tables.digits_tables import DIGITS
from benchmarks.tables.digits_tables import SUMMARY
from benchmarks.tables.evidence import EVIDENCE
from benchmarks.tables.evidence import WORTH
from benchmarks.tables.launch_tables import LAUNCH
from benchmarks.tables.length_tables import LENGTH
from benchmarks.tables.other_tables import OTHER_TABLES
from benchmarks.tables.paper_coverage import COVERAGE
from benchmarks.tables.short_tables import SHORT_TABLES
from benchmarks.tables.testing_tables import TESTING
from benchmarks.tables.throughput_table import THROUGHPUT
from benchmarks.tables.trust_tables import TRUST
from benchmarks.tables.unseen_labels_table import UNSEEN
from benchmarks.tables.views_table import VIEWS

Tables = Mapping[str, Callable[[], str]]

BEGIN, END = "<!-- results:{} -->", "<!-- /results -->"
COUNTED: Tables = {"cost": cost_table.table, "cost_check": cost_check.table}

# The results file of each table that is not named as its results file is.
_RECORDS = {
    "cost": cost.NAME,
    "cost_check": cost.NAME,
    "digits_summary": "digits_20",
    "kinds": "ablation",
    "survivors": "mutation",
    "weights": "ablation",
    "worth": "ablation",
}


def recorded(tables: Tables) -> Tables:
    """Returns the tables that have records."""
    return {n: make for n, make in tables.items() if read(_RECORDS.get(n, n))}


def pages() -> dict[str, Tables]:
    """Returns the tables of each page, by its path from the root."""
    return {
        "README.md": recorded(SUMMARY),
        "docs/data.md": recorded(VIEWS),
        "docs/evidence.md": recorded(
            {**WORTH, **DIGITS, **OTHER_TABLES, **EVIDENCE}
        ),
        "docs/launch.md": recorded(LAUNCH),
        "docs/length.md": recorded({**LENGTH, **UNSEEN, **AVERAGED}),
        "docs/paper.md": COVERAGE,
        "docs/speed.md": recorded(
            {**THROUGHPUT, shortcuts.NAME: shortcuts_table.table}
        ),
        "docs/trust.md": recorded(TRUST),
        "docs/testing.md": recorded(TESTING),
        "benchmarks/README.md": recorded({**COUNTED, **SHORT_TABLES}),
    }


def filled(text: str, tables: Tables, up: str = "") -> str:
    """Returns a page's text with the tables that it has places for.

    Args:
        text: Of the page.
        tables: What makes each, by name; their links start at the root.
        up: The path from the page's folder to the root.
    """
    for name, make in tables.items():
        begin = BEGIN.format(name)
        head, found, rest = text.partition(begin)
        _, _, tail = rest.partition(END)
        if found:
            made = make().replace("](benchmarks/", f"]({up}benchmarks/")
            text = f"{head}{begin}\n{made}\n{END}{tail}"
    return text


def main(argv: list[str]) -> None:
    """Writes the pages, or checks them."""
    del argv
    for name, tables in pages().items():
        path = folders.ROOT / name
        old = path.read_text()
        new = filled(old, tables, up="../" * name.count("/"))
        if new == old:
            continue
        if figures.is_check():
            raise SystemExit(
                f"{name} is stale: run python -m benchmarks.tables.render"
            )
        path.write_text(new)


if __name__ == "__main__":
    app.run(main)
