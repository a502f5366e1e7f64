"""Where records come from, as text for the line under a table."""

from collections.abc import Sequence

from benchmarks.common.records import Record


def where(records: Sequence[Record]) -> str:
    """Names the machines, versions and commits of records.

    Args:
        records: Those that a table shows, and no others.
    """
    found = [
        dict.fromkeys(r["device"] for r in records),
        dict.fromkeys(
            f"TensorFlow {r['versions']['tensorflow']}" for r in records
        ),
        dict.fromkeys(f"Keras {r['versions']['keras']}" for r in records),
        dict.fromkeys((r["commit"] or "unknown")[:10] for r in records),
    ]
    device, tensorflow, keras, commits = (", ".join(names) for names in found)
    return f"{device}; {tensorflow}, {keras}; commit {commits}"
