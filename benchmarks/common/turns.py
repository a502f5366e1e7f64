"""Processes that take turns at their steps, so that others disturb all alike.

A worker makes its step, does it twice, and waits; on a line `N` on its stdin it
does N steps and answers with a line of JSON. The standard library alone is
used, so that PyTorch's Python can import it.
"""

import contextlib
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from benchmarks.common import folders
from benchmarks.common import timing

_SHOWN = 12  # lines of what a worker that has failed said last


class Work(NamedTuple):
    """What a worker does.

    Attributes:
        step: One step, which is over when it returns.
        facts: Returns what the answers contain beside the times.
    """

    step: Callable[[], object]
    facts: Callable[[], Mapping[str, object]]


def serve(make: Callable[[], Work]) -> None:
    """Is a worker, until its stdin ends.

    Args:
        make: Builds the networks and returns what to do.
    """
    before = timing.resident()
    work = make()
    first, _ = _timed(work.step)
    work.step()
    _say({"first_step_seconds": round(first, 3), **work.facts()})
    for line in sys.stdin:
        times = [_timed(work.step) for _ in range(int(line))]
        peak = timing.peak()
        _say(
            {
                "seconds": [round(wall, 5) for wall, _ in times],
                "cpu_seconds": [round(cpu, 5) for _, cpu in times],
                "peak_mebibytes": round(peak),
                "peak_less_start_mebibytes": round(peak - before),
                **work.facts(),
            }
        )


def _timed(step: Callable[[], object]) -> tuple[float, float]:
    """Returns the seconds of the clock and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - wall, time.process_time() - cpu


def _say(answer: Mapping[str, object]) -> None:
    print(json.dumps(answer), flush=True)


class Worker:
    """A worker, from outside.

    Args:
        command: Its words; it is started in the repository's root.

    Attributes:
        ready: Its first answer: `first_step_seconds` and its facts.

    Raises:
        RuntimeError: If it ends before it has answered.
    """

    def __init__(self, command: Sequence[str]):
        self._command = command
        self._errors = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            command,
            cwd=folders.ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        self.ready = self._answer()

    def go(self, steps: int) -> dict[str, Any]:
        """Lets it do some steps; returns its answer."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it says why below
                self._process.stdin.write(f"{steps}\n")
                self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """Ends it."""
        self._process.communicate()
        self._errors.close()

    def _answer(self) -> dict[str, Any]:
        for line in self._process.stdout or ():
            if line.startswith("{"):
                return json.loads(line)
        self._process.wait()
        self._errors.seek(0)
        said = "".join(self._errors.readlines()[-_SHOWN:])
        self.close()
        raise RuntimeError(f"{' '.join(self._command)} ended:\n{said}")


def in_turns(
    workers: Mapping[str, Worker], *, rounds: int, steps: int
) -> dict[str, list[dict[str, Any]]]:
    """Lets workers do their steps in turns, there and back.

    Args:
        workers: By name.
        rounds: Turns of each.
        steps: Steps of a turn.

    Returns:
        The answers of each, in the order of the rounds.
    """
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in workers}
    for number in range(rounds):
        order = list(workers)[:: 1 if number % 2 == 0 else -1]
        for name in order:
            answers[name].append(workers[name].go(steps))
    return answers


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Compares seconds pair by pair.

    Args:
        ours: Median seconds of a step, by round.
        theirs: Likewise; what is divided by.

    Returns:
        The median of the rounds' ratios.

    >>> ratio([2.0, 3.0, 9.0], [4.0, 6.0, 6.0])
    0.5
    """
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def processor() -> dict[str, object]:
    """Names the processor, and what of its instructions decides the speed."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        found.setdefault(name.strip(), value.strip())
    wanted = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")
    has = set(found.get("flags", "").split())
    return {
        "processor": found.get("model name", "unknown"),
        "instructions": [name for name in wanted if name in has],
    }
