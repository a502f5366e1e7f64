"""The ablation tests a row at the weight that validation chose."""

import pytest


def test_a_row_is_not_tested_before_it_is_tuned(ablation, monkeypatch):
    monkeypatch.setattr(ablation, "read", lambda name: [])
    with pytest.raises(SystemExit, match="soft_exact must be tuned first"):
        ablation.chosen_weight("sign_flipped", 10, "uda")


def tried(ablation, accuracies, stage="tune", seeds=range(100, 104)):
    """Records of `soft_exact`, an accuracy per weight."""
    return [
        {
            "stage": stage,
            "row": "soft_exact",
            "weight": weight,
            "seed": seed,
            "accuracy": accuracy,
            "settings": list(
                ablation.overrides("soft_exact", 10, "uda", weight)
            ),
        }
        for weight, accuracy in accuracies.items()
        for seed in seeds
    ]


def test_the_weight_chosen_is_the_best_on_validation(ablation):
    accuracies = {1.0: 0.7, 5.0: 0.8, 25.0: 0.8, 75.0: 0.1}
    stale = [
        {**record, "settings": ["train_steps=5"]}
        for record in tried(ablation, {1.0: 1.0})
    ]
    other = [
        *tried(ablation, {75.0: 1.0}, stage="test"),
        *tried(ablation, {600.0: 1.0}),  # not one of those to choose from
    ]
    records = [*tried(ablation, accuracies), *stale, *other]
    assert ablation.chosen_weight("shuffled", 10, "uda", records) == 5.0


def test_no_weight_is_chosen_before_every_seed_is_in(ablation):
    records = tried(ablation, {1.0: 0.7, 5.0: 0.8, 25.0: 0.8})
    records += tried(ablation, {75.0: 0.1}, seeds=range(100, 103))
    with pytest.raises(SystemExit, match=r"at weights \[75.0\]"):
        ablation.chosen_weight("soft_exact", 10, "uda", records)
