"""Measures the time of a step and the memory of its process.

It uses the standard library alone, so that PyTorch's Python can import it.
"""

import json
import os
import resource
import statistics
import time
from collections.abc import Callable

MEBI = 1 << 20
_WARM = 2  # steps before those that are timed


def resident() -> float:
    """Returns the memory that this process holds now, in mebibytes."""
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MEBI


def peak() -> float:
    """Returns the most memory that this process has held, in mebibytes.

    `getrusage` would count that of the process which started it too.
    """
    with open("/proc/self/status") as file:
        [line] = [one for one in file if one.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def measure(
    step: Callable[[], object], *, steps: int, batch_size: int, **facts: object
) -> None:
    """Prints a JSON line: seconds of a step and mebibytes of the process.

    Where others use the machine, only the processor's seconds belong to the
    step itself; those of the clock contain the others' work as well.

    Args:
        step: Called without arguments.
        steps: Number of calls that are timed, after two that are not.
        batch_size: Is printed with the result.
        **facts: Are printed with the result.
    """
    before = resident()
    for _ in range(_WARM):
        step()
    seconds, cpu_seconds = [], []
    for _ in range(steps):
        start, cpu_start = time.perf_counter(), time.process_time()
        step()
        seconds.append(time.perf_counter() - start)
        cpu_seconds.append(time.process_time() - cpu_start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {
        **facts,
        "batch_size": batch_size,
        "steps": steps,
        "cpu_seconds_median": round(statistics.median(cpu_seconds), 4),
        "seconds_median": round(statistics.median(seconds), 4),
        "seconds_min": round(min(seconds), 4),
        "peak_mebibytes": round(peak),
        "peak_less_start_mebibytes": round(peak - before),
    }
    print(json.dumps(found), flush=True)
