"""The report says what was trained, how well, and how to repeat it."""

import pytest

from keras_mpl import report
from keras_mpl.report.reproduction import command

RECIPE = {
    "name": "a",
    "summary": "A summary",
    "expected": ".9",
    "model": {"network": "mlp"},
    "method": {"name": "mpl", "feedback": "soft"},
    "train_steps": 1200,
    "batch_size": 10,
    "unlabeled_ratio": 7,
    "data": {"num_labeled": 20, "num_validation": 5, "num_test": 400},
}
CONFIG = {
    "recipe": RECIPE,
    "baselines": [],
    "seed": 3,
    "overrides": ["views.strong=a b"],
    "split": {"name": "a@20/3", "fingerprint": "f", "num_unlabeled": 9},
    "versions": {"keras": "3", "numpy": "2"},
    "commit": None,
    "dirty": None,
    "device": "CPU",
    "inputs": "image",
    "picture": "Test images",
    "precision": "float32",
}
ROW = {
    "recipe": "a",
    "test_accuracy": 0.8,
    "test_student_accuracy": 0.75,
    "test_teacher_accuracy": None,
    "val_accuracy": 0.7,
    "train_steps_done": 1200,
    "seconds": 12.3,
}
RESULT = {"rows": [ROW], "wall_clock_seconds": 61.0}


def page(result=RESULT, **changes):
    return report.page({**CONFIG, **changes}, result)


def test_it_says_what_was_trained_on_what():
    text = page()
    assert text.startswith("# a, seed 3\n\nA summary.\n\n")
    assert (
        "The run trained `mlp` for 1,200 steps of 10 labelled and 70 "
        "unlabelled examples, by the method `mpl` with feedback `soft`. "
        "The data are `a@20/3`, with 20 labelled, 9 unlabelled, 5 validation "
        "and 400 test examples (fingerprint `f`)."
    ) in text


def test_labels_alone_are_not_said_to_see_unlabelled_examples():
    method = {"name": "supervised"}
    text = page(recipe={**RECIPE, "method": method})
    assert "1,200 steps of 10 labelled examples, by the method" in text


def test_the_split_counts_where_a_recipe_takes_all_examples():
    split = {**CONFIG["split"], "num_labeled": 33}
    text = page(
        recipe={**RECIPE, "data": {**RECIPE["data"], "num_labeled": 0}},
        split=split,
    )
    assert "with 33 labelled" in text
    assert "the choice of 33 labels" in text


def test_it_names_the_baselines():
    baselines = [{"name": "b"}, {"name": "c"}]
    line = " For comparison, it also trained b, c for as many steps. The data"
    assert line in page(baselines=baselines)
    assert "For comparison" not in page()


def test_the_standard_error_is_that_of_the_test_examples():
    assert "a standard error of 2.0 points" in page()  # sqrt(.8 * .2 / 400)


def test_the_expected_result_is_without_overrides():
    assert "Expected, without the overrides: .9." in page()
    assert "Expected: .9." in page(overrides=[])


def test_the_table_has_optional_columns_where_a_row_has_them():
    text = page()
    assert "| a | 80.0 % | 75.0 % |  | 70.0 % | 12 |" in text
    assert "top-5" not in text
    more = {"test_top_5_accuracy": 0.95, "test_real_accuracy": 0.85}
    text = page({**RESULT, "rows": [{**ROW, "recipe": "b"}, {**ROW, **more}]})
    assert "| recipe | averaged student | top-5 | ReaL | student |" in text
    assert "| a | 80.0 % | 95.0 % | 85.0 % | 75.0 % |  | 70.0 % | 12 |" in text
    assert "| b | 80.0 % |  |  | 75.0 % |" in text


def test_stages_have_a_table_of_their_own():
    stages = [
        {**ROW, "stage": "train"},
        {**ROW, "stage": "finetune", "test_accuracy": 0.9, "seconds": 4},
    ]
    text = page({**RESULT, "rows": [{**ROW, "stages": stages}]})
    assert "| a, train | 80.0 % | 75.0 % |  | 70.0 % | 12 |" in text
    assert "| a, finetune | 90.0 % | 75.0 % |  | 70.0 % | 4 |" in text
    assert "pretrain" not in text
    assert "by stage" not in page()


def test_the_accuracy_of_a_pretrained_teacher_is_explained():
    stages = [{**ROW, "stage": "pretrain"}, {**ROW, "stage": "train"}]
    text = page({**RESULT, "rows": [{**ROW, "stages": stages}]})
    assert "The stage `pretrain` trains the later teacher" in text


def test_only_images_have_a_picture_and_a_command_to_predict():
    assert "![Test images](samples.png)" in page()
    assert "keras-mpl predict RUN IMAGE.png" in page()
    text = page(inputs="other", picture=None)
    assert "samples.png" not in text
    assert "keras-mpl predict" not in text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "keras-mpl run a --seed 3 --set 'views.strong=a b'"),
        ({"overrides": []}, "keras-mpl run a --seed 3"),
        (
            {"overrides": [], "strategy": "mirrored:2"},
            "keras-mpl run a --seed 3 --strategy mirrored:2",
        ),
        ({"overrides": [], "strategy": "none"}, "keras-mpl run a --seed 3"),
        (
            {"overrides": [], "deterministic": True},
            "keras-mpl run a --seed 3 --deterministic",
        ),
        (
            {"overrides": [], "callbacks": ["b:C", 'b:D={"c": "e f"}']},
            "keras-mpl run a --seed 3 --callback b:C "
            """--callback 'b:D={"c": "e f"}'""",
        ),
    ],
)
def test_the_command_repeats_the_run(changes, expected):
    assert command({**CONFIG, **changes}) == expected
    assert f"## Run it again\n\n    {expected}\n\n" in page(**changes)


def test_a_recipe_of_ones_own_is_repeated_from_python():
    again = page(own_recipe=RECIPE).partition("## Run it again")[2]
    assert 'config["own_recipe"]' in again
    assert "keras-mpl run" not in again
    assert "callbacks" not in again


@pytest.mark.parametrize("own", [None, RECIPE], ids=["command", "code"])
def test_callbacks_of_python_are_named_beside_what_repeats_the_run(own):
    changes = {"callbacks": ["StopAt", "b:C", "made by a function"]}
    text = page(own_recipe=own, **changes).partition("## Run it again")[2]
    assert (
        f"\n\nThe {'code' if own else 'command'} lacks the callbacks that were "
        "given in Python: StopAt, made by a function.\n\nThe run took"
    ) in text
    again = "    callbacks=['b:C'],\n)" if own else "--callback b:C\n"
    assert again in text
    assert "lacks the callbacks" not in page(own_recipe=own, callbacks=["b:C"])


def test_it_says_which_trainings_a_callback_ended_early():
    said = "\n\nA callback ended the training of b after 1,000 of {} steps.\n\n"
    row = {**ROW, "recipe": "b", "train_steps_done": 1000}
    recipe = {**RECIPE, "name": "b", "stages": {"finetune_steps": 300}}
    text = page({**RESULT, "rows": [ROW, row]}, baselines=[recipe])
    assert said.format("1,200") in text
    assert text.count("A callback ended") == 1
    row["stages"] = [{**row, "stage": one} for one in ("train", "finetune")]
    text = page({**RESULT, "rows": [ROW, row]}, baselines=[recipe])
    assert said.format("1,500") in text


@pytest.mark.parametrize(
    ("commit", "dirty", "expected"),
    [
        (None, None, "commit: none, since this is an installed copy."),
        ("abc", False, "commit: abc."),
        ("abc", True, "commit: abc with changes."),
    ],
)
def test_it_says_when_and_where_it_ran(commit, dirty, expected):
    text = page(commit=commit, dirty=dirty)
    assert "The run took 61 s on CPU, in\nfloat32." in text
    assert f"Versions: keras 3, numpy 2; {expected}\n" in text


def test_the_summary_is_the_same_table_for_a_terminal():
    first, second = report.summary(RESULT).splitlines()
    assert first.split("  ")[0] == "recipe"
    assert second.split() == "a 80.0 % 75.0 % 70.0 % 12".split()


@pytest.mark.parametrize(
    ("scale", "line"),
    [
        ({"mean": [0.0], "std": [1.0]}, "inputs = pixels / 255\n"),
        (
            {"mean": [0.5, 0.25], "std": [0.5, 0.125]},
            "inputs = (pixels / 255 - [0.5, 0.25]) / [0.5, 0.125]\n",
        ),
    ],
)
def test_it_says_how_pixels_become_inputs(scale, line):
    assert line in page(normalization=scale)


def test_a_run_that_recorded_no_scale_claims_none():
    text = page()
    assert "[0, 1]" not in text
    assert "scaled as those of the training were" in text


def test_page_and_summary_say_how_long_steps_waited_for_data():
    short, long = ({**ROW, "data_wait_fraction": f} for f in (0.004, 0.031))
    said = "Steps waited for data 0.4 % of their time at most."
    assert said in page({**RESULT, "rows": [short]})
    assert report.summary({"rows": [short]}).endswith(said)
    text = report.summary({"rows": [long, ROW]})
    assert "data 3.1 %" in text
    assert "keras-mpl profile" in text
    assert "waited" not in report.summary(RESULT)


def test_waiting_is_that_of_the_whole_run_and_the_longest_is_named():
    quick = {"recipe": "quick", "seconds": 10.0, "data_wait_fraction": 0.04}
    slow = {"recipe": "slow", "seconds": 90.0, "data_wait_fraction": 0.01}
    text = report.summary({"rows": [{**ROW, **quick}, {**ROW, **slow}]})
    assert text.endswith(
        "data 1.3 % of their time at most, those of quick 4.0 %."
    )
