"""Compares the weights and seconds of training under several strategies.

    python -m benchmarks.robustness.strategies

One device, two mirrored replicas (two parts of the CPU) and two worker
processes on loopback take twenty steps of Meta Pseudo Labels on the same
global batches, one and twenty steps per call from Python. Two networks are
smooth; the third has ReLU kinks, where rounding alone parts two runs: a value
within 1e-7 of 0 falls on the other side and changes a gradient. It appends to
`benchmarks/results/strategies.jsonl`, which `render.py` reads.
"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from collections.abc import Mapping

import numpy as np
from absl import app

import keras_mpl
from benchmarks.common.records import Record
from benchmarks.common.records import append
from benchmarks.robustness import one_strategy
from benchmarks.robustness.one_strategy import LABELED
from benchmarks.robustness.one_strategy import NETWORKS
from benchmarks.robustness.one_strategy import STEPS
from benchmarks.robustness.one_strategy import UNLABELED
from keras_mpl import report

NAME = "strategies"
STRATEGIES = ("none", "mirrored:2", "multiworker")

Weights = Mapping[str, np.ndarray]
Result = tuple[Weights, Mapping[str, Record]]


def environments(name: str) -> list[dict[str, str]]:
    """Returns the environment variables of each process of a strategy."""
    if name != "multiworker":
        return [{}]
    servers = [socket.create_server(("localhost", 0)) for _ in range(2)]
    workers = [f"localhost:{one.getsockname()[1]}" for one in servers]
    for server in servers:
        server.close()
    tasks = [{"type": "worker", "index": index} for index in range(2)]
    return [
        {"TF_CONFIG": json.dumps({"cluster": {"worker": workers}, "task": t})}
        for t in tasks
    ]


def run_processes(name: str, root: pathlib.Path) -> list[Result]:
    """Trains under a strategy; returns weights and seconds of each process."""
    outputs, children = [], []
    for index, environment in enumerate(environments(name)):
        outputs.append(str(root / f"{name}-{index}"))
        command = [sys.executable, "-m", one_strategy.__name__]
        command += ["--strategy", name, "--output", outputs[-1]]
        children.append(
            subprocess.Popen(command, env={**os.environ, **environment})
        )
    if any([child.wait() for child in children]):
        raise SystemExit(f"{name} failed")
    return [
        (
            dict(np.load(f"{output}.npz")),
            json.loads(pathlib.Path(f"{output}.json").read_text()),
        )
        for output in outputs
    ]


def relative(found: Weights, expected: Weights, case: str) -> float:
    """Returns the largest difference in a tensor, by its largest value.

    Args:
        found: Weights by network, steps per call and number.
        expected: Likewise.
        case: Network and steps per call of those that are compared.
    """
    keys = [key for key in expected if key.rpartition("/")[0] == case]
    return max(
        float(abs(found[k] - expected[k]).max() / abs(expected[k]).max())
        for k in keys
    )


def rows(results: Mapping[str, list[Result]]) -> Iterator[Record]:
    """Yields one row per strategy and network."""
    single = results["none"][0][0]
    for name, processes in results.items():
        first, seconds = processes[0]
        for net in NETWORKS:
            calls = {f"{net}/{steps}" for steps in (1, STEPS)}
            ones = {k: v for k, v in first.items() if k.startswith(f"{net}/1/")}
            as_many = {
                k: first[k.replace("/1/", f"/{STEPS}/", 1)] for k in ones
            }
            yield {
                "strategy": name,
                "network": net,
                "to_one_device": relative(first, single, f"{net}/1"),
                "one_to_twenty_per_call": relative(as_many, ones, f"{net}/1"),
                "between_processes": max(
                    relative(other, first, case)
                    for other, _ in processes
                    for case in calls
                ),
                "one_per_call": seconds[f"{net}/1"],
                "twenty_per_call": seconds[f"{net}/{STEPS}"],
            }


def main(argv: list[str]) -> None:
    """Runs all of them, and records what they came to."""
    del argv
    with tempfile.TemporaryDirectory() as root:
        results = {
            name: run_processes(name, pathlib.Path(root)) for name in STRATEGIES
        }
    record = {
        **report.environment(keras_mpl.__version__),
        "steps": STEPS,
        "batch_size": LABELED,
        "unlabeled": UNLABELED,
        "load": round(os.getloadavg()[0], 1),
        "rows": list(rows(results)),
    }
    print(json.dumps(record, indent=1))
    append(NAME, [record])


if __name__ == "__main__":
    app.run(main)
