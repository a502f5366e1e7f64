"""What several tests of benchmarks train: as little as possible."""

import pytest

from benchmarks.accuracy import feedback_ablation

SHORT = (
    "train_steps=4",
    "eval_every_steps=4",
    "baselines=",
    "student.warmup_steps=0",
    "teacher.warmup_steps=0",
)


@pytest.fixture
def short_overrides():
    """Overrides that train a recipe for four steps."""
    return SHORT


@pytest.fixture
def ablation(monkeypatch):
    """The ablation, at four steps a row."""
    monkeypatch.setattr(feedback_ablation, "SHARED", SHORT)
    return feedback_ablation
