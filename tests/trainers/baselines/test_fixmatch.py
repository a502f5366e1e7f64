"""FixMatch's loss is Eq. 4 of its paper, in NumPy."""

import numpy as np

from keras_mpl.trainers import FixMatch
from tests import helpers


def test_the_loss_is_that_of_the_paper():
    batch, network = helpers.fake_batch(), helpers.tiny_net(seed=3, gain=4.0)
    weak = helpers.probs(network, batch.weak_inputs)
    strong = helpers.probs(network, batch.strong_inputs)
    labeled = helpers.probs(network, batch.labeled_inputs)
    model = FixMatch(network, confidence_threshold=0.75, consistency_weight=3.0)
    logs = helpers.first_logs(model, batch)
    mask = weak.max(-1) >= 0.75
    assert 0 < mask.sum() < len(mask)
    target = helpers.one_hot(weak.argmax(-1))
    drift = (mask * helpers.cross_entropies(target, strong)).mean()
    labels = helpers.one_hot(batch.labels)
    labeled_loss = helpers.cross_entropies(labels, labeled).mean()
    expected = {
        "labeled_loss": labeled_loss,
        "consistency_loss": drift,
        "student_loss": labeled_loss + 3.0 * drift,
        "mask_ratio": mask.mean(),
        "student_accuracy": np.mean(
            labeled.argmax(-1) == np.asarray(batch.labels)
        ),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(logs[name], value, rtol=1e-5, err_msg=name)


def test_defaults_are_the_papers():
    config = FixMatch(helpers.tiny_net()).get_config()
    assert config["confidence_threshold"] == 0.95
    assert config["consistency_weight"] == 1.0
    assert config["ema_decay"] == 0.999
