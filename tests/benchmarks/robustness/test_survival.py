"""Runs that are killed and resumed end as if nobody had killed them."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[3]


@pytest.mark.slow
def test_runs_survive_two_kills(tmp_path):
    """Real processes and SIGKILL."""
    command = [sys.executable, "-m", "benchmarks.robustness.survival"]
    command += ["--kills", "2", "--results", str(tmp_path)]
    where = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, check=True, cwd=ROOT, env=where)
    [line] = (tmp_path / "survival.jsonl").read_text().splitlines()
    found = json.loads(line)
    assert found["kills"] == 2
    assert found["runs"]
    for run in found["runs"]:
        assert not run["failed"]
        assert run["largest_difference"] == 0
        assert run["metrics_are_equal"]
