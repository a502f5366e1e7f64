"""Where records come from, as text for the line under a table."""

from collections.abc import Iterable
from collections.abc import Sequence

from benchmarks.common.records import Record


def where(records: Sequence[Record]) -> str:
    """Names the machines, versions and commits of records.

    Args:
        records: Those that a table shows, and no others.
    """
    names = {"tensorflow": "TensorFlow", "keras": "Keras", "jax": "JAX"}
    devices = _all(r["device"] for r in records)
    versions = ", ".join(
        _all(
            f"{title} {r['versions'][name]}"
            for r in records
            if name in r["versions"]
        )
        for name, title in names.items()
        if any(name in r["versions"] for r in records)
    )
    commits = _all((r["commit"] or "unknown")[:10] for r in records)
    return f"{devices}; {versions}; commit {commits}"


def _all(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
