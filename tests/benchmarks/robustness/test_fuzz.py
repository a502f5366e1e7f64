"""A fuzzing counts what targets say, and keeps each finding once."""

import itertools
import json
import time

import pytest

from benchmarks.robustness import fuzz
from benchmarks.robustness import fuzz_targets


def call(name, content, place):
    if content.startswith(b"bad"):
        raise KeyError("a traceback\n")
    return "accepted" if content else "refused"


def test_findings_are_kept_once_with_their_bytes(tmp_path, monkeypatch):
    fuzzing = fuzz.Fuzzing(tmp_path, call, ["one", "two"])
    clock = itertools.count(10**6, 100)  # always time to write
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    for content in (b"", b"\x00good", b"\x01bad", b"\x01bad again"):
        fuzzing.one(content)
    counts = json.loads((tmp_path / "counts.json").read_text())
    assert counts["executions"] == 4
    assert counts["findings"] == 1
    assert counts["by_target"] == {
        "one accepted": 1,
        "one refused": 1,
        "two finding": 2,
    }
    [line] = (tmp_path / "findings.jsonl").read_text().splitlines()
    found = json.loads(line)
    assert (found["target"], found["bytes"]) == ("two", b"\x01bad".hex())
    assert found["error"].startswith("KeyError: ")


def test_a_refusal_of_two_lines_is_a_finding(tmp_path, monkeypatch):
    def refuse(content, folder):
        raise ValueError("one\ntwo")

    monkeypatch.setattr(fuzz_targets, "TARGETS", {"two": refuse})
    with pytest.raises(AssertionError, match="not one line"):
        fuzz_targets.call("two", b"", tmp_path / "place")
    assert not (tmp_path / "place").exists()


@pytest.mark.parametrize("name", fuzz_targets.TARGETS)
def test_no_bytes_at_all_are_read_or_refused(name, tmp_path):
    said = fuzz_targets.call(name, b"", tmp_path / "place")
    assert said in ("accepted", "refused")


@pytest.mark.parametrize("name", fuzz_targets.SEEDS)
def test_a_fuzzing_begins_with_what_is_accepted(name, tmp_path):
    content = fuzz_targets.SEEDS[name]
    assert fuzz_targets.call(name, content, tmp_path / "x") == "accepted"
