"""A teacher that never sees a label, told by feedback or by nothing."""

import pytest

from benchmarks.accuracy import unseen_labels
from benchmarks.accuracy.unseen_labels import WEIGHTS
from benchmarks.accuracy.unseen_labels import Run
from keras_mpl import recipes


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("row", unseen_labels.ROWS)
@pytest.mark.parametrize("labels", unseen_labels.LABELS)
def test_no_label_reaches_a_loss_of_teacher_or_student(labels, row, weight):
    overrides = Run(labels, row, weight).settings
    recipe = recipes.resolve(recipes.find("digits_20"), overrides)[-1]
    assert recipe.method.teacher_labeled_weight == 0
    assert recipe.method.student_labeled_weight == 0
    assert recipe.method.objective == "supervised"
    assert (recipe.method.feedback == "none") == (row == "none")
    assert recipe.data.num_labeled == labels
    assert recipe.batch_size * recipe.unlabeled_ratio == 80


def tried(best, seeds=unseen_labels.TUNING_SEEDS):
    return [
        {"stage": "tune", "seed": seed}
        | {"settings": list(Run(50, "feedback", weight).settings)}
        | {"accuracy": 0.9 if weight == best else 0.5}
        for weight in WEIGHTS
        for seed in seeds
    ]


def test_the_test_waits_for_every_weight_and_takes_the_best():
    looked_at = {**tried(1.0)[0], "stage": "test", "accuracy": 99.0}
    assert unseen_labels.chosen_weight([*tried(25.0), looked_at]) == 25.0
    with pytest.raises(SystemExit, match="weight 1 must be tried first"):
        unseen_labels.chosen_weight(tried(5.0, unseen_labels.TUNING_SEEDS[:1]))


def test_every_cell_has_eight_seeds_before_one_has_more():
    runs = list(unseen_labels.plan("test", range(24), tried(5.0)))
    cells = len(unseen_labels.LABELS) * len(unseen_labels.ROWS)
    assert len(runs) == len(set(runs)) == 24 * cells
    assert {seed for _, seed in runs[: 8 * cells]} == set(range(8))
    assert {run.weight for run, _ in runs} == {5.0}
