"""Every figure of the paper and every setting is counted once."""

from benchmarks.tables import paper_coverage
from keras_mpl import recipes


def test_every_figure_of_the_paper_is_listed_once():
    cells = list(recipes.paper_tables.cells())
    filled = paper_coverage.recipes_of()
    having = sum(map(bool, filled.values()))
    totals = paper_coverage.counts().splitlines()
    assert (
        f"| all | {len(cells)} | {having} | {len(cells) - having} "
        f"| {len(recipes.PAPER)} |"
    ) in totals
    assert len(paper_coverage.with_recipes().splitlines()) == 2 + having
    rows = [
        line.split(" | ") for line in paper_coverage.without().splitlines()[2:]
    ]
    listed = sum(1 + columns.count(", ") for _, columns, _ in rows)
    assert listed == len(cells) - having


def test_origins_of_a_recipe_add_up_to_its_settings():
    lines = paper_coverage.origins().splitlines()[2 : 2 + len(recipes.PAPER)]
    for line, made in zip(lines, recipes.PAPER.values(), strict=True):
        numbers = [int(cell) for cell in line.split("|")[2:-1]]
        assert sum(numbers) == len(recipes.settings(made.recipe))


def test_paper_and_released_code_differ_where_their_recipes_do():
    rows = dict(
        line.strip("| ").split(" | ", 1)
        for line in paper_coverage.two_sources().splitlines()[2:]
    )
    assert rows["`method.feedback`"] == "hard_batch | none"
    assert rows["`train_steps`"] == "1000000 | 300000"
    paper = recipes.find("cifar10_4k_mpl_paper")
    items = [
        f"{key.strip('`')}={cells.split(' | ')[1]}"
        for key, cells in rows.items()
    ]
    made = recipes.override(paper, items)
    released = recipes.find("cifar10_4k_mpl_released")
    assert recipes.settings(made) == recipes.settings(released)
