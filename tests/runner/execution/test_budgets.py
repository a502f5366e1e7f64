"""The steps that fit into a time are chosen once, recorded and repeated."""

import json
import re
import types

import pytest

from keras_mpl import cli
from keras_mpl import recipes
from keras_mpl import runner
from keras_mpl.recipes import lengths
from keras_mpl.runner.execution import budgets
from keras_mpl.runner.execution import outlook
from keras_mpl.runner.execution import trials
from keras_mpl.runner.execution import unfinished
from keras_mpl.runner.execution.costs import Cost

STEP = {"folder_supervised": 0.1, "folder_uda": 0.5, "folder": 1.0}
FOLDER = recipes.find("folder")


class _Known(budgets.Chooser):
    """Knows what a step costs; 10 s to compile, 2 s to evaluate."""

    def _measure(self, member):
        cost = Cost(start=10.0, step=STEP[member.name], evaluation=2.0)
        self._costs[member.name, "train"] = cost
        self._build_seconds[member.name] = 0.0


@pytest.fixture(name="choose")
def fixture_choose(monkeypatch):
    sizes = {"validation": 0, "test": 0}
    monkeypatch.setattr(budgets.display, "sizes_of", lambda loaded: sizes)
    still = types.SimpleNamespace(perf_counter=lambda: 7.0)
    for module in (budgets, outlook):
        monkeypatch.setattr(module, "time", still)

    def choose(budget, overrides=()):
        return _Known(
            FOLDER,
            overrides,
            loaded=None,
            seed=0,
            where=None,
            budget=budget,
            start=7.0,
        ).choose()

    return choose


def _chosen(choice, overrides=()):
    return recipes.resolve(FOLDER, (*overrides, *choice.overrides))


def _seconds(family):
    """Adds up by hand what the trainings of a family take."""
    return 5 + sum(
        10
        + one.train_steps * STEP[one.name]
        + 2 * one.train_steps / one.eval_every_steps
        for one in family
    )


@pytest.mark.parametrize("budget", [200, 600, 1500, 4000, 9000])
def test_the_longest_run_that_fits_is_chosen(choose, budget):
    choice = choose(budget)
    seconds = _seconds(_chosen(choice))
    assert choice.seconds == pytest.approx(seconds, abs=1)
    assert 0.85 * budget < seconds < budget
    record = choice.record(budget)
    assert record["chosen"] == [*choice.overrides]
    assert record["seconds"] == budget


def test_baselines_are_left_out_before_steps_and_never_the_labels_alone(choose):
    # All three take 3,200 s at the recipe's own 2,000 steps.
    for budget, left_out in ((4000, ()), (3000, ("folder_uda",))):
        choice = choose(budget)
        assert choice.left_out == left_out
        names = [one.name for one in _chosen(choice)]
        assert names[0], names[-1] == ("folder_supervised", "folder")
        assert any("left out" in line for line in choice.words) == bool(
            left_out
        )
    shorter = _chosen(choose(600))
    assert [one.name for one in shorter] == ["folder_supervised", "folder"]
    assert shorter[-1].train_steps < 2000


def test_a_training_is_at_most_ten_times_as_long(choose):
    assert _chosen(choose(10**7))[-1].train_steps == 20_000


def test_too_small_a_budget_is_refused_with_one_that_works(choose):
    with pytest.raises(ValueError, match="`budget` must be at least") as error:
        choose(60)
    assert "100 steps of folder_supervised and folder" in str(error.value)
    least = re.search(r"at least (\S+) here", str(error.value))[1]
    enough = lengths.budget_seconds(least)
    assert _chosen(choose(enough))[-1].train_steps >= 100
    with pytest.raises(ValueError, match="`budget` must be at least"):
        choose(enough - 30)


@pytest.mark.parametrize(
    ("name", "overrides", "strategy", "words"),
    [
        ("folder", ["train_steps=400"], "none", "without `train_steps`"),
        ("folder", [], "multiworker", "for several workers"),
        ("digits_20_reduced", [], "none", "a reduced teacher"),
        ("two_moons", [], "none", "two_moons_pseudo_label"),
    ],
)
def test_what_cannot_be_chosen_is_refused(name, overrides, strategy, words):
    family = recipes.resolve(recipes.find(name), overrides)
    with pytest.raises(ValueError, match=words):
        budgets.check(family, overrides, strategy)


def test_a_wrong_budget_is_refused_before_anything_is_loaded(capsys):
    assert cli.main(["run", "digits_20", "--budget", "20"]) == 2
    assert "`budget` must be a time such as 20m" in capsys.readouterr().err


@pytest.mark.slow
def test_the_choice_is_recorded_and_a_command_repeats_it(
    tmp_path, monkeypatch, capsys
):
    measure, found = trials.measured, []

    def measured(*arguments):
        found.append(measure(*arguments))
        return Cost(start=1.0, step=50.0, evaluation=1.0)

    monkeypatch.setattr(trials, "measured", measured)
    monkeypatch.setattr(trials, "_TRIED", (1, 0.0, 3))
    monkeypatch.setattr(budgets, "_FEWEST", 2)
    settings = ("model=mlp_64_64", "baselines=")
    runner.run(
        "digits_20",
        output=tmp_path / "run",
        overrides=settings,
        budget="1h",
        seed=4,
    )
    [cost] = found
    assert min(cost) > 0
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    steps = config["recipe"]["train_steps"]
    assert 2 <= steps <= 72  # of 50 s each
    assert config["budget"]["seconds"] == 3600
    assert f"train_steps={steps}" in config["budget"]["chosen"]
    out = capsys.readouterr().out
    assert f"the budget is met by train_steps={steps}, " in out
    # A resumed run reads the recipe, and chooses nothing.
    [recipe] = unfinished.family(tmp_path / "run", dict(config))
    assert recipe.train_steps == steps
    assert recipe.student.warmup_steps == steps // 5
    page = (tmp_path / "run" / "report.md").read_text()
    command = re.search(r"^    keras-mpl (run .*)$", page, re.M)[1].split()
    assert "--budget" not in command
    words = [*command, "--output", str(tmp_path / "again")]
    assert cli.main(words) == 0
    again = json.loads((tmp_path / "again" / "config.json").read_text())
    assert again["recipe"] == config["recipe"]
    assert again["fingerprint"] == config["fingerprint"]
    rows = [
        json.loads((tmp_path / name / "result.json").read_text())["rows"][-1]
        for name in ("run", "again")
    ]
    assert rows[0]["val_accuracy"] == pytest.approx(rows[1]["val_accuracy"])
