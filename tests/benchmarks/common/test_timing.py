"""A step is called as often as it is timed, and twice before."""

import json

from benchmarks.common import timing


def test_a_step_is_timed_after_two_others(capsys):
    calls = []
    timing.measure(lambda: calls.append(1), steps=3, batch_size=8, model="one")
    found = json.loads(capsys.readouterr().out)
    assert len(calls) == 2 + 3
    assert (found["steps"], found["batch_size"]) == (3, 8)
    assert found["model"] == "one"
    assert found["peak_mebibytes"] > 10
