"""Which of the paper's figures have a recipe, and why the others have none.

    python -m benchmarks.tables.paper_coverage

`render.py` puts these tables into `docs/paper.md`, and one of the origins of
recipes' settings.
"""

from absl import app

from benchmarks.tables import markdown
from keras_mpl import recipes
from keras_mpl.recipes import paper_tables
from keras_mpl.recipes import sourced

_TWICE = "cifar10_4k_mpl"  # both of the paper and of the released code


def recipes_of() -> dict[paper_tables.Cell, list[str]]:
    """Returns names of recipes by cell."""
    found: dict[paper_tables.Cell, list[str]] = {
        cell: [] for cell in paper_tables.cells()
    }
    for name, made in recipes.PAPER.items():
        for cell in made.cells:
            found[cell].append(name)
    return found


def counts() -> str:
    """Counts figures with and without a recipe, by table, as Markdown."""
    filled = recipes_of()
    titles = ("table", "figures", "with a recipe", "without", "recipes")
    rows, totals = [], [0, 0, 0]
    for key, table in paper_tables.TABLES.items():
        names = {c: n for c, n in filled.items() if c.table == key}
        made = {name for of_cell in names.values() for name in of_cell}
        having = sum(map(bool, names.values()))
        numbers = len(names), having, len(names) - having
        totals = [a + b for a, b in zip(totals, numbers, strict=True)]
        cells = map(str, (*numbers, len(made)))
        rows.append((f"{table.source}: {table.title}", *cells))
    rows.append(("all", *map(str, (*totals, len(recipes.PAPER)))))
    ours = [n for n, made in recipes.PAPER.items() if not made.cells]
    note = (
        "A recipe may stand for figures of several tables; "
        f"{', '.join(f'`{name}`' for name in ours)} are ours and stand for "
        "none. Tables repeat each other: every figure is counted where it is "
        "printed."
    )
    return markdown.table(titles, rows, note)


def with_recipes() -> str:
    """Lists figures and their recipes, as Markdown."""
    titles = ("table, row, column", "figure", "recipes")
    rows = [
        (cell.source, cell.figure, ", ".join(f"`{name}`" for name in names))
        for cell, names in recipes_of().items()
        if names
    ]
    return markdown.table(titles, rows, left=(0, 2))


def without() -> str:
    """Lists rows without a recipe and the reason, as Markdown."""
    rows: dict[tuple[str, str, str], list[paper_tables.Cell]] = {}
    for cell, names in recipes_of().items():
        if not names:
            key = cell.table, cell.row, cell.reason
            rows.setdefault(key, []).append(cell)
    titles = ("table, row", "columns", "reason")
    made = [
        (
            f"{paper_tables.TABLES[table].source}, {row}",
            ", ".join(cell.column for cell in cells),
            reason,
        )
        for (table, row, reason), cells in rows.items()
    ]
    return markdown.table(titles, made, left=range(3))


def origins() -> str:
    """Counts each recipe's settings by kind of origin, as Markdown."""
    kinds = (*sourced.KINDS, "defaults")
    rows = []
    for name, made in recipes.PAPER.items():
        found = [
            "defaults" if origin == sourced.DEFAULT else origin.split(":")[0]
            for origin in made.origins.values()
        ]
        rows.append((f"`{name}`", *(str(found.count(k)) for k in kinds)))
    note = "`keras-mpl show RECIPE` names every setting's origin."
    return markdown.table(("settings of", *kinds), rows, note)


def two_sources() -> str:
    """Lists the settings in which paper and released code differ, Markdown."""
    pair = [f"{_TWICE}_paper", f"{_TWICE}_released"]
    paper, released = (recipes.settings(recipes.find(name)) for name in pair)
    rows = [
        (f"`{key}`", *map(recipes.format_value, (value, released[key])))
        for key, value in paper.items()
        if value != released[key]
    ]
    return markdown.table(("setting", *(f"`{name}`" for name in pair)), rows)


COVERAGE = {
    "coverage": counts,
    "coverage_without": without,
    "coverage_with": with_recipes,
    "coverage_origins": origins,
    "two_sources": two_sources,
}


def main(argv: list[str]) -> None:
    """Prints all of them."""
    del argv
    for make in COVERAGE.values():
        print(make(), end="\n\n")


if __name__ == "__main__":
    app.run(main)
