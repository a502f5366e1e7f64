"""What a process held at the start, in the middle and at the end."""

import statistics
from collections.abc import Sequence

import numpy as np

from benchmarks.common.records import Record

FIELDS = ("memory_mib", "threads", "open_files")
WARM_UP = 1 / 12  # of the time, in which caches fill; it is left out
PARTS = ("start", "middle", "end")


def summary(counts: Sequence[Record]) -> Record:
    """Summarises the counts of a process in three parts of equal time.

    Args:
        counts: What `soak.Watch` counted, oldest first.

    Returns:
        Medians of each part, the processor seconds of a step in it, and by
        how much memory grew in an hour.

    >>> one = {"memory_mib": 9.0, "threads": 2, "open_files": 3}
    >>> found = summary([
    ...     {**one, "seconds": 600 * i, "step": 10 * i, "cpu_seconds": 5.0 * i}
    ...     for i in range(13)])
    >>> found["parts"]["end"]["cpu_seconds_per_step"]
    0.5
    >>> found["memory_mib_per_hour"]
    0.0
    """
    last = counts[-1]["seconds"]
    kept = [c for c in counts if c["seconds"] >= WARM_UP * last]
    size = len(kept) / len(PARTS)
    parts = {
        name: _part(kept[round(i * size) : round((i + 1) * size)])
        for i, name in enumerate(PARTS)
    }
    hours = [c["seconds"] / 3600 for c in kept]
    slope = np.polyfit(hours, [c["memory_mib"] for c in kept], 1)[0]
    return {
        "parts": parts,
        "memory_mib_per_hour": abs(round(float(slope), 1))
        and round(float(slope), 1),
        "steps": counts[-1]["step"],
    }


def _part(counts: Sequence[Record]) -> Record:
    first, last = counts[0], counts[-1]
    steps = last["step"] - first["step"]

    def per_step(name: str) -> float | None:
        return round((last[name] - first[name]) / steps, 4) if steps else None

    return {
        **{name: statistics.median(c[name] for c in counts) for name in FIELDS},
        "cpu_seconds_per_step": per_step("cpu_seconds"),
        "seconds_per_step": per_step("seconds"),
        "minutes": [round(first["seconds"] / 60), round(last["seconds"] / 60)],
    }
