"""Times one step and watches memory. Standard library only: PyTorch's, too."""

import json
import os
import resource
import statistics
import time

MEBI = 1 << 20


def resident():
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MEBI


def measure(step, *, steps, batch_size, **facts):
    """Prints a JSON line: seconds of a step, mebibytes of the process.

    On a machine that others use, too, only the processor's seconds are of
    the step itself; those of the clock hold their work as well.
    """
    before = resident()
    for _ in range(2):
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
