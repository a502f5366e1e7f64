"""Time is told before it is spent, and better with every training."""

import pytest

from keras_mpl import recipes
from keras_mpl.runner.execution import costs
from keras_mpl.runner.execution import outlook
from keras_mpl.runner.execution.costs import Cost

SIZES = {"validation": 0, "test": 0}
FAMILY = recipes.resolve(recipes.find("folder"))


@pytest.fixture(name="clock")
def fixture_clock(monkeypatch):
    """A clock that a test turns forward."""
    now = [100.0]

    class Time:
        @staticmethod
        def perf_counter():
            return now[0]

    monkeypatch.setattr(costs, "time", Time)
    monkeypatch.setattr(outlook, "time", Time)
    return now


def _parts(*known):
    known = dict(known)
    return [
        outlook.Part(one, "train", 2000, SIZES, known.get(one.name, Cost()))
        for one in FAMILY
    ]


def test_a_clock_leaves_out_what_is_compiled(clock):
    ticks = costs.Clock()

    def pass_by(seconds, call, *arguments):
        clock[0] += seconds
        call(*arguments)

    pass_by(1, ticks.on_epoch_begin, 0)
    pass_by(9, ticks.on_train_batch_end, 9)  # compiled
    assert ticks.cost == Cost(start=10.0)
    pass_by(4, ticks.on_train_batch_end, 19)
    assert ticks.cost.step == pytest.approx(0.4)
    pass_by(7, ticks.on_epoch_begin, 1)  # an evaluation, compiled
    assert ticks.cost.evaluation is None
    pass_by(2, ticks.on_train_batch_end, 9)
    assert ticks.cost.step == pytest.approx(0.2)
    pass_by(3, ticks.on_epoch_begin, 2)
    assert ticks.cost.evaluation == pytest.approx(3)


def test_nothing_is_said_before_steps_were_measured(clock):
    seen = outlook.Outlook(_parts())
    seen.begin("folder_supervised", "train")
    assert seen.seconds_left() is None
    assert seen.in_words() is None


def test_what_is_known_of_every_stage_adds_up(clock):
    cost = Cost(start=10.0, step=0.5, evaluation=3.0)
    seen = outlook.Outlook(_parts(*((one.name, cost) for one in FAMILY)))
    each = 10 + 2000 * 0.5 + 10 * 3
    assert seen.seconds_left() == pytest.approx(3 * each + outlook.FINISH)
    seen.begin("folder", "train")
    assert seen.seconds_left() == pytest.approx(each + outlook.FINISH)
    seen.note(cost, steps_left=500)
    left = 500 * 0.5 + 3 * 3 + outlook.FINISH
    assert seen.seconds_left() == pytest.approx(left)
    clock[0] += 100
    assert seen.seconds_left() == pytest.approx(left - 100)


def test_a_method_that_was_not_measured_is_judged_by_its_work(clock):
    seen = outlook.Outlook(_parts())
    part = seen.begin("folder_supervised", "train")
    seen.note(Cost(start=10.0, step=0.1), steps_left=1980)
    line = seen.in_words()
    assert line.startswith("3 trainings, about ")
    assert line.endswith(" on this machine")
    passes = [one.step_passes() for one in _parts()]
    assert passes[0] == part.step_passes() < passes[1] < passes[2]
    steps = (1980 * passes[0] + 2000 * (passes[1] + passes[2])) / passes[0]
    expected = 0.1 * steps + 2 * 10 + outlook.FINISH
    assert seen.seconds_left() == pytest.approx(expected)
    # Its own first steps say it better.
    seen.begin("folder_uda", "train")
    assert seen.in_words() is None
    seen.note(Cost(start=10.0, step=0.2), steps_left=1980)
    assert seen.in_words().startswith("2 trainings, about ")
    steps = (1980 * passes[1] + 2000 * passes[2]) / passes[1]
    expected = 0.2 * steps + 10 + outlook.FINISH
    assert seen.seconds_left() == pytest.approx(expected)


def test_a_stage_learns_from_the_examples_that_it_uses():
    supervised, uda, mpl = (part.examples_per_step() for part in _parts())
    assert (supervised, uda, mpl) == (32, 256, 256)
