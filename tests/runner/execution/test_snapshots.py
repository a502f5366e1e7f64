"""A snapshot holds all that a step changes, and only a few are kept."""

import keras
import numpy as np
import pytest

from keras_mpl import trainers
from keras_mpl.runner.execution import snapshots
from tests import helpers


def test_a_bounded_number_is_kept(tmp_path):
    model = tiny()
    for step in range(5):
        model.step.assign(step)
        snapshots.write(tmp_path, model, {})
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["000000003.zip", "000000004.zip"]


def tiny(feedback="hard_batch"):
    return helpers.mpl(
        helpers.tiny_net(seed=1),
        helpers.tiny_net(seed=5),
        ema_decay=0.9,
        student_optimizer=keras.optimizers.SGD(0.1, momentum=0.9),
        feedback=feedback,
    )


def test_a_snapshot_holds_all_that_a_step_changes(tmp_path):
    model, other = tiny(), tiny()
    batches = helpers.repeated(helpers.fake_batch(), 3)
    model.fit(batches, verbose=0)
    snapshots.write(tmp_path, model, {"kept": 1})
    found = snapshots.latest(tmp_path)
    assert (found.step, found.extra) == (3, {"kept": 1})
    snapshots.restore(other, found)
    for ours, theirs in zip(
        snapshots.variables(other), snapshots.variables(model), strict=True
    ):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    assert float(other.feedback.baseline.value) != 0
    for one in (model, other):
        one.fit(batches, verbose=0)
    for ours, theirs in zip(other.weights, model.weights, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_a_snapshot_of_another_model_is_refused(tmp_path):
    snapshots.write(tmp_path, tiny(), {})
    other = trainers.Supervised(helpers.tiny_net(seed=1))
    other.compile()
    with pytest.raises(ValueError, match="have other shapes"):
        snapshots.restore(other, snapshots.latest(tmp_path))
