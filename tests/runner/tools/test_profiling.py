"""A profile says what a step costs, by kind, and what to try."""

import re

import pytest
from PIL import Image

from keras_mpl import cli
from keras_mpl import runner
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import threads
from keras_mpl.runner.tools import profile_page
from keras_mpl.runner.tools import trace

KINDS = (
    trace.Kind(trace.FORWARD, 0.4, 20),
    trace.Kind(trace.BY_WEIGHTS, 0.4, 10),
    trace.Kind(trace.NORMALISATION, 0.2, 20),
)
FACTS = profile_page.Facts(
    title="digits_20",
    summary="A summary",
    network="wrn_10_1",
    precision="float32",
    device="CPU",
    cores=2,
    is_onednn_on=True,
    labeled=16,
    unlabeled=112,
    steps=2,
    seconds=0.5,
    first_seconds=9.0,
    memory=1000.0,
    data_wait_fraction=0.01,
    kinds=KINDS,
)


@pytest.mark.parametrize(
    ("name", "operation", "kind"),
    [
        ("net/stem/convolution", "_MklNativeConv2D", trace.FORWARD),
        ("net/stem/convolution", "DepthwiseConv2dNative", trace.FORWARD),
        (
            "a/Conv2DBackpropInput",
            "_MklNativeConv2DBackpropInput",
            trace.BY_INPUTS,
        ),
        ("a/Conv2DBackpropFilter", "Conv2DBackpropFilter", trace.BY_WEIGHTS),
        ("a/b_1_norm_1/batch", "FusedBatchNormGradV3", trace.NORMALISATION),
        ("net/head_norm/mul", "Mul", trace.NORMALISATION),
        ("net/enormous/mul", "Mul", "element by element"),
        ("g/net/b_2_relu_1/mul", "Mul", trace.ACTIVATION),
        ("adam_1/mul", "Mul", "optimizers and averages"),
        ("AssignVariableOp_2", "AssignVariableOp", "optimizers and averages"),
        ("net/b_norm/ReadVariableOp", "ReadVariableOp", "weights read"),
        ("net/logits/MatMul", "_MklFusedMatMul", "matrix products"),
        ("ArgMax", "ArgMax", "other"),
    ],
)
def test_operations_are_of_the_kind_that_people_ask_for(name, operation, kind):
    assert trace.kind_of(name, operation, ["sgd", "adam"]) == kind


def test_a_page_has_the_figures_of_a_step():
    text = profile_page.page(FACTS)
    assert "| images a second | 480 |" in text  # 16 + 2 x 112, in .5 s
    assert "| waiting for data, at most | 1.0 % |" in text
    assert "| operations a step | 25 |" in text
    assert f"| {trace.FORWARD} | 200 | 40.0 % | 10 |" in text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"data_wait_fraction": 0.5}, "wait for data 50 %"),
        ({"is_onednn_on": False}, "oneDNN is off"),
        ({"kinds": [trace.Kind("other", 0.02, 4000)]}, "2,000 operations of 5"),
        ({"kinds": KINDS}, "Convolutions take 80 %"),
        ({"kinds": [KINDS[0], KINDS[2]._replace(seconds=1.0)]}, "71 %, more"),
        ({"kinds": None}, "Nothing stands out"),
        ({"kinds": KINDS, "precision": "mixed_bfloat16"}, "Nothing stands out"),
    ],
)
def test_hints_follow_from_what_was_measured(changes, expected):
    found = profile_page.hints(FACTS._replace(**changes))
    assert expected in found[0]


def test_a_recipe_is_profiled_into_a_folder(tmp_path):
    folder = tmp_path / "profile"
    overrides = ("method=supervised", "unlabeled_ratio=2")
    path = runner.profile(
        "digits_20", output=folder, steps=2, overrides=overrides
    )
    text = path.read_text()
    assert path == folder / "profile.md"
    assert re.search(r"\| images a second \| [1-9]", text)
    assert re.search(r"\| waiting for data, at most \| \d+\.\d %", text)
    assert list(folder.glob("plugins/profile/*/*.xplane.pb"))
    for kind in (trace.FORWARD, trace.BY_INPUTS, trace.BY_WEIGHTS):
        assert f"| {kind} |" in text


def test_a_profile_is_of_what_a_run_trains(tmp_path, monkeypatch, capsys):
    for name in ("cat", "owl"):
        (tmp_path / "labeled" / name).mkdir(parents=True)
        for number in range(5):
            path = tmp_path / "labeled" / name / f"{number}.png"
            Image.new("RGB", (45, 60)).save(path)
    seen = []

    def refuse(recipe, seed):
        seen.append(recipe)
        raise ValueError("seen")

    monkeypatch.setattr(assembly, "load", refuse)
    for command in ("run", "profile"):
        words = [command, "folder", "--output", str(tmp_path / command)]
        words += ["--set", f"data.labeled={tmp_path / 'labeled'}"]
        assert cli.main([*words, "--set", "baselines="]) == 2
    trained, profiled = seen
    assert profiled == trained
    assert "chosen: data.image_size=40: the median" in capsys.readouterr().out


def test_a_profile_has_the_threads_of_a_run(tmp_path, monkeypatch):
    def suit(input_shape):
        raise ValueError(f"suited to {input_shape}")

    monkeypatch.setattr(threads, "suit", suit)
    with pytest.raises(ValueError, match=r"suited to \(8, 8, 1\)"):
        runner.profile("digits_20", output=tmp_path / "profile")


def test_a_folder_that_is_not_empty_is_refused(tmp_path):
    (tmp_path / "mine").write_text("")
    with pytest.raises(ValueError, match="`output` must be"):
        runner.profile("digits_20", output=tmp_path)
