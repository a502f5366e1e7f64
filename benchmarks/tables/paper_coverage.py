"""Which of the paper's figures have a recipe, and why the others have none.

    python -m benchmarks.tables.paper_coverage

`render.py` puts both tables, and where recipes have their settings from, into
`docs/paper.md`.
"""

from absl import app

from keras_mpl import recipes
from keras_mpl.recipes import paper_tables
from keras_mpl.recipes import sourced


def recipes_of():
    """Returns names of recipes by cell."""
    found = {cell: [] for cell in paper_tables.cells()}
    for name, made in recipes.PAPER.items():
        for cell in made.cells:
            found[cell].append(name)
    return found


def counts():
    """Counts figures with and without a recipe, by table, as Markdown."""
    filled = recipes_of()
    lines = [
        "| table | figures | with a recipe | without | recipes |",
        "|---|---:|---:|---:|---:|",
    ]
    totals = [0, 0, 0]
    for key, shown in paper_tables.TABLES.items():
        names = {c: n for c, n in filled.items() if c.table == key}
        made = {name for of_cell in names.values() for name in of_cell}
        having = sum(map(bool, names.values()))
        numbers = len(names), having, len(names) - having
        totals = [a + b for a, b in zip(totals, numbers, strict=True)]
        cells = " | ".join(map(str, (*numbers, len(made))))
        lines.append(f"| {shown.source}: {shown.title} | {cells} |")
    lines.append(
        f"| all | {' | '.join(map(str, totals))} | {len(recipes.PAPER)} |"
    )
    ours = [n for n, made in recipes.PAPER.items() if not made.cells]
    lines += [
        "",
        "A recipe may stand for figures of several tables; "
        f"{', '.join(f'`{name}`' for name in ours)} are ours and stand for "
        "none. Tables repeat each other: every figure is counted where it is "
        "printed.",
    ]
    return "\n".join(lines)


def with_recipes():
    """Lists figures and their recipes, as Markdown."""
    lines = ["| table, row, column | figure | recipes |", "|---|---:|---|"]
    for cell, names in recipes_of().items():
        if names:
            shown = ", ".join(f"`{name}`" for name in names)
            lines.append(f"| {cell.source} | {cell.figure} | {shown} |")
    return "\n".join(lines)


def without():
    """Lists rows without a recipe and the reason, as Markdown."""
    rows = {}
    for cell, names in recipes_of().items():
        if not names:
            key = cell.table, cell.row, cell.reason
            rows.setdefault(key, []).append(cell)
    lines = ["| table, row | columns | reason |", "|---|---|---|"]
    for (table, row, reason), cells in rows.items():
        place = paper_tables.TABLES[table].source
        columns = ", ".join(cell.column for cell in cells)
        lines.append(f"| {place}, {row} | {columns} | {reason} |")
    return "\n".join(lines)


def origins():
    """Counts each recipe's settings by kind of origin, as Markdown."""
    kinds = (*sourced.KINDS, "defaults")
    lines = [
        f"| settings of | {' | '.join(kinds)} |",
        "|---|" + "---:|" * len(kinds),
    ]
    for name, made in recipes.PAPER.items():
        found = [
            "defaults" if origin == sourced.DEFAULT else origin.split(":")[0]
            for origin in made.origins.values()
        ]
        numbers = " | ".join(str(found.count(kind)) for kind in kinds)
        lines.append(f"| `{name}` | {numbers} |")
    lines += ["", "`keras-mpl show RECIPE` names every setting's origin."]
    return "\n".join(lines)


COVERAGE = {
    "coverage": counts,
    "coverage_without": without,
    "coverage_with": with_recipes,
    "coverage_origins": origins,
}


def main(argv):
    """Prints all of them."""
    del argv
    for make in COVERAGE.values():
        print(make(), end="\n\n")


if __name__ == "__main__":
    app.run(main)
