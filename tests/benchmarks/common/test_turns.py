"""Processes take turns there and back, and their seconds are paired."""

import sys

import pytest

from benchmarks.common import turns

COUNTING = """
from benchmarks.common import turns
calls = []
turns.serve(lambda: turns.Work(
    lambda: calls.append(1), lambda: {"calls": len(calls)}
))
"""


class _Counter:
    def __init__(self, name, order):
        self.name, self.order = name, order

    def go(self, steps):
        self.order.append(self.name)
        return {"steps": steps}


def test_workers_take_turns_there_and_back():
    order = []
    workers = {name: _Counter(name, order) for name in "abc"}
    answers = turns.in_turns(workers, rounds=2, steps=3)
    assert order == [*"abc", *"cba"]
    assert answers == {name: [{"steps": 3}] * 2 for name in "abc"}


def test_a_worker_does_as_many_steps_as_it_is_told_to():
    worker = turns.Worker([sys.executable, "-c", COUNTING])
    assert worker.ready["calls"] == 2
    answer = worker.go(3)
    worker.close()
    assert answer["calls"] == 5
    assert len(answer["seconds"]) == len(answer["cpu_seconds"]) == 3
    assert answer["peak_mebibytes"] > 5


def test_a_worker_that_fails_says_why():
    command = [sys.executable, "-c", "raise SystemExit('no such network')"]
    with pytest.raises(RuntimeError, match="no such network"):
        turns.Worker(command)


def test_seconds_are_compared_turn_by_turn():
    # The machine was slow in the last two turns: medians would say 2.
    assert turns.ratio([1.0, 2.0, 6.0], [2.0, 4.0, 12.0]) == 0.5
    assert turns.ratio([4.0, 1.0, 9.0], [2.0, 2.0, 9.0]) == 1.0
