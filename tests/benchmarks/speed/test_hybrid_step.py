"""A step is the same, however its weights are split."""

import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[3]


@pytest.mark.slow
def test_a_step_on_split_weights_is_that_on_whole_ones():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed.hybrid_step"],
        cwd=ROOT,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["shapes_of_its_parts"] == [[6, 4]] * 4
    assert found["largest_difference_of_a_weight"] < 1e-6
