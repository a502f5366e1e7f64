"""Runs that are killed and resumed end as if nobody had killed them."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from benchmarks.robustness import run_process

ROOT = pathlib.Path(__file__).parents[3]


@pytest.mark.slow
def test_runs_survive_two_kills(tmp_path):
    """Real processes and signals."""
    command = [sys.executable, "-m", "benchmarks.robustness.survival"]
    command += ["--kills", "2", "--results", str(tmp_path)]
    where = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, check=True, cwd=ROOT, env=where)
    lines = (tmp_path / "survival.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    assert sum(record["kills"] for record in found) == 2
    for run in [run for record in found for run in record["runs"]]:
        assert not run["failed"]
        assert run["largest_difference"] == 0
        assert run["metrics_are_equal"]
        assert not any(end["had_traceback"] for end in run["kills"])


def test_a_stage_has_ended_with_its_last_snapshot():
    names = ["a-0/000000060", "a-1/000000015", "b-0/000000055"]
    assert run_process.ended(names) == {"a-0"}
