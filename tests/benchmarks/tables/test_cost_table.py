"""The predicted costs name their assumptions, the checked ones a reference."""

import pytest

from benchmarks.tables import cost_check
from benchmarks.tables import cost_table
from keras_mpl import recipes


def test_the_table_has_every_recipe_and_names_its_assumptions():
    table = cost_table.table(0.5, {"h200": 1.0, "a100": 2.0, "tpu": 3.0})
    for name in recipes.PAPER:
        assert f"| `{name}` |" in table
    assert "**Assumed**: 50%" in table
    assert "one H200 $1, 8 x A100 $2, TPU v4-8 $3" in table


def test_the_reference_of_a_group_is_predicted_exactly():
    groups = list(cost_check.compared())
    assert [group for group, _, _ in groups] == [*cost_check.REFERENCES]
    for group, _, rows in groups:
        [reference] = [
            row for row in rows if row.title == cost_check.REFERENCES[group]
        ]
        assert reference.predicted == pytest.approx(reference.seconds)
