"""Records of a recipe and its baselines, as these are today."""

from collections.abc import Sequence

from benchmarks.accuracy.run_seeds import family
from benchmarks.common.records import Record
from benchmarks.common.records import read
from keras_mpl import recipes


def current(
    name: str, recipe: recipes.Recipe, overrides: Sequence[str] = ()
) -> list[Record]:
    """Returns the records of a results file that still count.

    Args:
        name: Of the results file.
        recipe: What was run, with its baselines.
        overrides: What the runs changed in all of them.

    Raises:
        SystemExit: If a recipe of the family has no record under today's
            fingerprint.
    """
    fingerprints = family(recipe, overrides)
    records = [
        r for r in read(name) if r["fingerprint"] == fingerprints[r["recipe"]]
    ]
    missing = set(fingerprints) - {r["recipe"] for r in records}
    if missing:
        settings = "".join(f" --set {item}" for item in overrides)
        raise SystemExit(
            f"no record of {sorted(missing)} as they are today: run python -m "
            f"benchmarks.accuracy.run_seeds {recipe.name} --name {name}"
            f"{settings}"
        )
    return records
