"""Operations are counted as by hand and as traced, and records follow."""

import dataclasses
import types

import keras
import numpy as np
import pytest

from benchmarks.speed import convolutions
from benchmarks.speed import our_step
from benchmarks.speed import throughput
from keras_mpl import models
from keras_mpl.recipes.work import Passes

CASE = throughput.Case(
    "keras_mpl",
    model="small",
    precision="float32",
    batch_size=2,
    ratio=3,
    feedback="soft",
    size=8,
)


def small(name, size):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((size, size, 3)),
            layers.Conv2D(4, 3, padding="same", use_bias=False),
            models.BatchNorm(),
            layers.Activation("tanh"),
            layers.Conv2D(5, 3, strides=2, padding="same", use_bias=False),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10),
        ]
    )


@pytest.fixture(autouse=True)
def _small_networks(monkeypatch):
    monkeypatch.setattr(our_step, "network", small)


def test_a_wide_resnet_has_the_operations_counted_by_hand():
    model = models.create("wrn_28_2", num_classes=10, input_shape=(32, 32, 3))
    network = convolutions.layers(model)
    stem = 32 * 32 * 9 * 3 * 16
    # Each stage: 16 -> 32 or twice the channels, its shortcut, seven more.
    stage = 1024 * (9 * 16 * 32 + 16 * 32 + 7 * 9 * 32 * 32)
    assert len(network) == 1 + 3 * 9
    found = convolutions.needed(network, [Passes(1, 1), Passes(credit=1)])
    assert found["forward"] == 2 * (stem + 3 * stage) + 2 * (
        stem + 2 * 3 * stage
    )
    assert found["by_inputs"] == 2 * 3 * stage
    assert found["by_weights"] == 2 * (stem + 3 * stage) == 428_703_744


@pytest.mark.parametrize(
    ("method", "feedback"),
    [
        ("mpl", "none"),
        ("mpl", "finite_difference"),
        ("mpl", "soft"),
        ("uda", ""),
    ],
)
def test_a_traced_step_computes_what_the_algorithm_needs(method, feedback):
    case = dataclasses.replace(CASE, method=method, feedback=feedback)
    work = our_step.work(dataclasses.asdict(case))
    for _ in range(2):
        work.step()
    network = convolutions.layers(small("small", 8))
    needed = convolutions.needed(network, case.passes())
    assert work.facts()["traced_flops"] == needed


def test_settings_reach_the_trainer():
    items = ("label_smoothing=0.1", "feedback_centering=false")
    case = dataclasses.replace(CASE, settings=items)
    model = our_step.trainer(dataclasses.asdict(case))
    assert model.label_smoothing == 0.1
    assert model.feedback_centering is False
    assert case.title == "keras_mpl mpl soft " + " ".join(items)


def test_a_record_compares_operations_and_seconds_with_the_peak():
    layers = [[8, 3, 4, 3, 1], [8, 4, 4, 3, 1]]
    flops = 2 * 64 * 9 * 3 * 4, 2 * 64 * 9 * 4 * 4
    peak = {
        "layers": layers,
        "rates": [
            [layer, direction, 1e6]
            for layer in layers
            for direction in convolutions.DIRECTIONS
        ],
        "matmul": 2e6,
        "environment": {"commit": "c"},
    }
    answer = {
        "seconds": [1.0, 2.0, 9.0],
        "cpu_seconds": [1.0, 1.0, 1.0],
        "peak_mebibytes": 7,
        "peak_less_start_mebibytes": 3,
    }
    ready = {"first_step_seconds": 5.0}
    case = dataclasses.replace(CASE, method="supervised", feedback="")
    row = throughput.record(case, ready, [answer] * 3, peak)
    every = 2 * (3 * sum(flops) - flops[0])  # two images, labels alone
    assert row["seconds"] == [2.0] * 3
    assert row["images_per_second"] == 7.0  # 2 + 6 + 6 in two seconds
    assert sum(row["flops"].values()) == every
    assert row["convolutions_alone_seconds"] == pytest.approx(
        every / 1e6, abs=1e-4
    )
    assert throughput.share_of_peak(row) == pytest.approx(every / 2 / 1e6)
    row["traced_flops"] = {"forward": every / 2}
    assert throughput.share_of_peak(row) == pytest.approx(every / 4 / 1e6)


def test_a_python_without_torch_is_refused(monkeypatch):
    given = types.SimpleNamespace(value="/bin/false")
    monkeypatch.setattr(throughput, "_TORCH", given)
    with pytest.raises(SystemExit, match="Received: /bin/false"):
        throughput.torch_python()


@pytest.mark.parametrize("layout", throughput.LAYOUTS)
def test_the_step_of_torch_moves_both_networks(layout):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from benchmarks.speed import torch_step

    case = dataclasses.replace(CASE, library="torch", model="wrn_10_1")
    given = {**dataclasses.asdict(case), "layout": layout}
    step = torch_step.Step(given)
    before = [
        [w.detach().numpy().copy() for w in network.parameters()]
        for network in (step.teacher, step.student)
    ]
    assert np.isfinite(step())
    for weights, network in zip(
        before, (step.teacher, step.student), strict=True
    ):
        for old, new in zip(weights, network.parameters(), strict=True):
            assert np.any(old != new.detach().numpy())
