"""The weak view apart: the same step but for what BatchNorm sees."""

import keras
import numpy as np
import pytest

from keras_mpl import MetaPseudoLabels
from keras_mpl.trainers import UDA
from keras_mpl.trainers import FixMatch
from tests import helpers

BATCH = helpers.fake_batch()


def _trained(kind, *, norm, **settings):
    student = helpers.tiny_net(norm=norm, seed=1)
    networks = [student]
    optimizers = {"student_optimizer": keras.optimizers.SGD(0.5)}
    if kind is MetaPseudoLabels:
        networks = [helpers.tiny_net(norm=norm, seed=5), student]
        optimizers["teacher_optimizer"] = keras.optimizers.SGD(0.5)
    model = kind(*networks, **settings)
    model.compile(**optimizers, run_eagerly=True)
    model.fit(helpers.repeated(BATCH, 3), epochs=1, verbose=0)
    return helpers.state(model), networks[0]


KINDS = [
    pytest.param(MetaPseudoLabels, {"confidence_threshold": 0.0}, id="mpl"),
    pytest.param(
        MetaPseudoLabels,
        {"confidence_threshold": 0.0, "microbatch_size": 4},
        id="microbatches",
    ),
    pytest.param(UDA, {"confidence_threshold": 0.0}, id="uda"),
    pytest.param(FixMatch, {"confidence_threshold": 0.0}, id="fixmatch"),
]


@pytest.mark.parametrize(("kind", "settings"), KINDS)
def test_without_batch_norm_both_are_one_step(kind, settings):
    joint, _ = _trained(kind, norm=False, weak_view="joint", **settings)
    apart, _ = _trained(kind, norm=False, weak_view="apart", **settings)
    for one, other in zip(joint, apart, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("kind", "settings"), KINDS)
def test_batch_norm_sees_the_weak_view_as_a_batch_of_its_own(kind, settings):
    moved = {}
    for weak_view in ("joint", "apart"):
        _, network = _trained(kind, norm=True, weak_view=weak_view, **settings)
        layer = network.layers[1]
        moved[weak_view] = np.array(layer.moving_mean)
    assert np.abs(moved["joint"] - moved["apart"]).max() > 1e-4


@pytest.mark.parametrize("kind", [MetaPseudoLabels, UDA, FixMatch])
def test_another_word_is_refused(kind):
    networks = [helpers.tiny_net() for _ in range(1 + (kind is not UDA))]
    if kind is FixMatch:
        networks = networks[:1]
    with pytest.raises(ValueError, match="`weak_view` must be one of"):
        kind(*networks, weak_view="alone")
