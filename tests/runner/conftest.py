"""Two finished runs that tests of several modules look at."""

import pytest

from keras_mpl import runner
from tests.runner import runs


@pytest.fixture(scope="session")
def result(tmp_path_factory):
    """Digits with both baselines, four steps."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    return runner.run(
        "digits_20", output=folder, seed=5, overrides=runs.TINY, verbose=0
    )


@pytest.fixture(scope="session")
def finetuned(tmp_path_factory):
    """Digits without baselines: pre-trained, trained and finetuned."""
    folder = tmp_path_factory.mktemp("runs") / "finetuned"
    return runner.run(
        "digits_20_methods",
        output=folder,
        seed=5,
        overrides=(
            *runs.SHORT,
            "stages.pretrain_steps=2",
            "stages.finetune_steps=4",
            "stages.finetune_lr=0.01",
            "model=mlp_64_64",
        ),
        verbose=0,
    )
