"""Renders the records of `benchmarks/results` as tables, into the pages.

A table whose place is there and whose records are not yet is left as it
stands. `docs/paper.md` and `benchmarks/README.md` have tables of what can be
counted, too: recipes, and what they would cost.

    python benchmarks/render.py           # writes
    python benchmarks/render.py --check   # fails if a page or figure is stale

Headline figures are those of the last step: mean and standard deviation over
seeds, and the paired difference from the recipe without feedback.
"""

import functools
import pathlib
import statistics

import cost
import cost_check
import drawn
from absl import app
from evidence import EVIDENCE
from evidence import WORTH
from launch_tables import LAUNCH
from other_tables import OTHER_TABLES
from over_seeds import gap
from over_seeds import spread
from paper_coverage import COVERAGE
from provenance import where
from records import read
from run_seeds import family
from short_tables import SHORT_TABLES

from keras_mpl import recipes

ROOT = pathlib.Path(__file__).parents[1]
BEGIN, END = "<!-- results:{} -->", "<!-- /results -->"

# Name of the results file, and what its runs override of `digits_20`.
TABLES = {
    "digits_20": [],
    "digits_10": ["data.num_labeled=10", "batch_size=10", "unlabeled_ratio=14"],
}

COUNTED = {"cost": cost.table, "cost_check": cost_check.table}
# Where a table's records are, if not under its own name.
_RECORDS = {
    "cost": cost.NAME,
    "cost_check": cost.NAME,
    "kinds": "ablation",
    "weights": "ablation",
    "worth": "ablation",
}

_ROWS = {
    "digits_20_supervised": "student on the labels alone",
    "digits_20_none": "pseudo labels of a UDA teacher, no feedback",
    "digits_20": "**Meta Pseudo Labels**",
}


_CHOSEN = {
    "digits_20": "chosen on the 200 validation images",
    "digits_10": "as for 20 labels, not chosen anew",
}


def current(name):
    """Returns the records of `digits_20`'s family as it is today."""
    overrides = TABLES[name]
    fingerprints = family(recipes.find("digits_20"), overrides)
    records = [
        r for r in read(name) if r["fingerprint"] == fingerprints[r["recipe"]]
    ]
    missing = set(fingerprints) - {r["recipe"] for r in records}
    if missing:
        raise SystemExit(
            f"no record of {sorted(missing)} as they are today: run "
            f"benchmarks/run_seeds.py digits_20 --name {name} with "
            f"{overrides}"
        )
    return records


def digits_table(name):
    """One table of the digits, with the sentence under it."""
    records = current(name)
    labels = recipes.override(
        recipes.find("digits_20"), TABLES[name]
    ).data.num_labeled
    lines = [
        f"| digits, {labels} labels: test accuracy in % | averaged student "
        "| teacher | seconds |",
        "|---|---:|---:|---:|",
    ]
    by_recipe = {}
    for recipe, title in _ROWS.items():
        rows = [r for r in records if r["recipe"] == recipe]
        by_recipe[recipe] = {r["seed"]: r["test_accuracy"] for r in rows}
        teachers = [r["test_teacher_accuracy"] for r in rows]
        teacher = spread(teachers)
        seconds = statistics.median(r["seconds"] for r in rows)
        accuracy = spread(by_recipe[recipe].values())
        lines.append(f"| {title} | {accuracy} | {teacher} | {seconds:.0f} |")
    found = gap(by_recipe["digits_20"], by_recipe["digits_20_none"])
    seeds = len(by_recipe["digits_20"])
    lines += [
        "",
        f"Mean ± standard deviation over {seeds} seeds, last step, 500 test "
        f"images; settings {_CHOSEN[name]}. Feedback "
        f"against none, paired by seed: {found.mean:+.1f} points, standard "
        f"error {found.error:.1f}, better on {found.better} of {found.number} "
        f"seeds. {where(records)}; records in "
        f"[benchmarks/results](benchmarks/results/{name}.jsonl).",
    ]
    return "\n".join(lines)


def recorded(tables):
    """Returns the tables that have records."""
    return {n: make for n, make in tables.items() if read(_RECORDS.get(n, n))}


def filled(text, tables, up=""):
    """Returns a page's text with these tables, where it has their places.

    Args:
        text: Of the page.
        tables: What makes each, by name; their links start at the root.
        up: From the page's folder to the root.
    """
    for name, make in tables.items():
        begin = BEGIN.format(name)
        head, found, rest = text.partition(begin)
        _, _, tail = rest.partition(END)
        if found:
            made = make().replace("](benchmarks/", f"]({up}benchmarks/")
            text = f"{head}{begin}\n{made}\n{END}{tail}"
    return text


def main(argv):
    """Writes the pages, or checks them."""
    del argv
    digits = {name: functools.partial(digits_table, name) for name in TABLES}
    for place, tables in {
        "README.md": recorded(digits | EVIDENCE | WORTH),
        "docs/evidence.md": recorded(OTHER_TABLES | EVIDENCE),
        "docs/launch.md": recorded(LAUNCH),
        "docs/paper.md": COVERAGE,
        "benchmarks/README.md": recorded(COUNTED | SHORT_TABLES),
    }.items():
        page = ROOT / place
        up = "../" * place.count("/")
        new = filled(page.read_text(), tables, up)
        if drawn.is_check() and new != page.read_text():
            raise SystemExit(f"{place} is stale: run benchmarks/render.py")
        page.write_text(new)


if __name__ == "__main__":
    app.run(main)
