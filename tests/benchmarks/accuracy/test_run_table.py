"""A table of the paper is run once, however often it is killed."""

import pytest

from benchmarks.accuracy import run_table
from keras_mpl import recipes


@pytest.mark.slow
def test_a_table_goes_on_with_what_was_killed(short_overrides, tmp_path):
    recipe = recipes.override(
        recipes.find("digits_20_supervised"),
        [item for item in short_overrides if not item.startswith("teacher")],
    )
    torn = tmp_path / "run"
    torn.mkdir()
    (torn / "split.json").write_text("{")  # killed while it was made
    first = run_table.run_or_resume(recipe, 3, torn)
    assert first["seed"] == 3
    assert first["fingerprint"] == recipe.fingerprint()
    assert [point["step"] for point in first["curve"]] == [4]
    assert (
        run_table.run_or_resume(recipe, 3, torn) == first
    )  # read, not run again
    (torn / "result.json").unlink()  # killed before it was finished
    again = run_table.run_or_resume(recipe, 3, torn)
    assert again["test_accuracy"] == first["test_accuracy"]
