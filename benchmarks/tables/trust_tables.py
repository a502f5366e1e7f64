"""What fuzzing found, what a soak held, and how equal runs are: docs/trust.md.

The records are those of `fuzz.py`, `soak.py` and `repeats.py`.
"""

import collections

from benchmarks.common import provenance
from benchmarks.common.records import read
from benchmarks.robustness import fuzz
from benchmarks.robustness import repeats
from benchmarks.robustness import soak
from benchmarks.robustness.held import PARTS
from benchmarks.tables import markdown

_OF_TARGET = {
    "recipe": "a recipe from JSON",
    "setting": "a value of `--set`",
    "table": "a CSV of paths and labels",
    "tree": "a folder of images",
    "image": "a picture",
    "run": "a run folder, whose report is written",
}


def fuzz_table() -> str:
    """Executions and findings of all fuzzings together, by target."""
    records = read(fuzz.NAME)
    counts: collections.Counter[str] = collections.Counter()
    found: collections.Counter[str] = collections.Counter()
    for record in records:
        counts.update(record["by_target"])
        found.update(one["target"] for one in record["found"])
    rows = []
    for name, title in _OF_TARGET.items():
        accepted, refused = (
            counts[f"{name} accepted"],
            counts[f"{name} refused"],
        )
        total = accepted + refused + counts[f"{name} finding"]
        cells = (total, accepted, refused, found[name])
        rows.append((title, *(f"{one:,}" for one in cells)))
    minutes = sum(record["minutes"] for record in records)
    busy = sum(record["cpu_minutes"] for record in records)
    titles = ("what any bytes were given as", "executions", "accepted")
    note = (
        f"{minutes:.0f} minutes by Atheris, guided by the lines that are "
        f"reached, of which the processor gave {busy:.1f} (others used it, "
        f"too). {provenance.where(records)}; benchmarks/robustness/fuzz.py."
    )
    return markdown.table(
        (*titles, "refused in a line", "findings"), rows, note
    )


def soak_table() -> str:
    """What a process held at the start, in the middle and at the end."""
    record = read(soak.NAME)[-1]
    parts = [record["parts"][name] for name in PARTS]

    def row(title: str, key: str, form: str, factor: float = 1) -> list[str]:
        values = (part[key] for part in parts)
        return [
            title,
            *("" if v is None else format(factor * v, form) for v in values),
        ]

    rows = [
        row("memory, MiB", "memory_mib", ".0f"),
        row("open files", "open_files", ".0f"),
        row("threads", "threads", ".0f"),
        row("processor ms of a step", "cpu_seconds_per_step", ".1f", 1e3),
    ]
    spans = [f"minutes {a} to {b}" for a, b in (p["minutes"] for p in parts)]
    note = (
        f"Medians of samples, two a minute, while one process trained "
        f"`{record['recipe']}` for {record['steps']:,} steps with "
        f"{record['evaluations']:,} evaluations and snapshots "
        f"({record['snapshots_on_disk']} kept), and wrote "
        f"{record['reports']} reports; memory moved by "
        f"{record['memory_mib_per_hour']:+.1f} MiB an hour. "
        f"{provenance.where([record])}; benchmarks/robustness/soak.py."
    )
    return markdown.table(("one process", *spans), rows, note)


def repeats_table() -> str:
    """How far equal runs end apart."""
    record = read(repeats.NAME)[-1]
    names = {"none": "one device", "mirrored:2": "two mirrored replicas"}
    rows = []
    for row in record["rows"]:
        how = "`--deterministic`" if row["deterministic"] else "as they are"
        gap = row["largest_difference"]
        cells = (
            f"{names[row['strategy']]}, {how}",
            str(row["repeats"]),
            str(row["equal"]),
            f"{gap:.0e}" if gap else "0, bit for bit",
            f"{row['points']:.1f}",
        )
        rows.append(cells)
    titles = (
        "equal runs",
        "runs",
        "equal to the first, itself among them",
        "largest difference of a weight tensor, by its largest value",
        "test accuracies apart, points",
    )
    steps = dict(o.split("=", 1) for o in record["overrides"])["train_steps"]
    note = (
        f"`{record['recipe']}`, {steps} steps, seed 0, a process each. "
        f"{provenance.where([record])}; benchmarks/robustness/repeats.py."
    )
    return markdown.table(titles, rows, note)


TRUST = {
    fuzz.NAME: fuzz_table,
    soak.NAME: soak_table,
    repeats.NAME: repeats_table,
}
