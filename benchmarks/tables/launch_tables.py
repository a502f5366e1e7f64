"""What replicas, kills and XLA do to a run, as tables of docs/launch.md.

The records are those of `strategies.py`, `survival.py` and `lowering.py`.
"""

from types import ModuleType

from benchmarks.common.records import Record
from benchmarks.common.records import read
from benchmarks.robustness import strategies
from benchmarks.robustness import survival
from benchmarks.speed import lowering
from benchmarks.tables import markdown

_STRATEGIES = {
    "none": "one device",
    "mirrored:2": "two mirrored replicas",
    "multiworker": "two worker processes",
}


def _source(script: ModuleType, *records: Record) -> str:
    """Says where records come from, with the load of the machine."""
    last = records[-1]
    versions = last["versions"]
    commits = sorted({(r["commit"] or "unknown")[:10] for r in records})
    path = script.__name__.replace(".", "/") + ".py"
    load = max(r["load"] for r in records)
    return (
        f"{last['device']}, 2 cores that others used, too (load {load:.0f}); "
        f"TensorFlow {versions['tensorflow']}, Keras {versions['keras']}; "
        f"commit {', '.join(commits)}; {path}."
    )


def strategies_table() -> str:
    """Differences of weights by strategy and network, and seconds a step."""
    record = read(strategies.NAME)[-1]
    titles = (
        f"{record['steps']} steps, weights against one device's",
        "smooth, no BatchNorm",
        "smooth, BatchNorm",
        "ReLU, `wrn_10_1`",
        "smooth, 20 steps per call against 1",
        "processor ms per step, 1 per call",
        "20 per call",
    )
    made = []
    for name, title in _STRATEGIES.items():
        rows = {
            r["network"]: r for r in record["rows"] if r["strategy"] == name
        }
        cells = [
            f"{rows[net]['to_one_device']:.0e}" if name != "none" else ""
            for net in strategies.NETWORKS
        ]
        smooth = [r for net, r in rows.items() if net.startswith("smooth")]
        apart = max(r["one_to_twenty_per_call"] for r in smooth)
        cells.append("equal" if apart == 0 else f"{apart:.0e}")
        times = rows["smooth_norm"]
        for calls in ("one_per_call", "twenty_per_call"):
            cells.append(f"{1e3 * times[calls]['cpu_seconds_per_step']:.0f}")
        made.append((title, *cells))
    workers = max(
        r["between_processes"]
        for r in record["rows"]
        if r["strategy"] == "multiworker"
    )
    equal = "equal" if workers == 0 else f"within {workers:.0e} of each other"
    note = (
        "Largest difference of a weight tensor of teacher, student or average,"
        " by its largest value; 20 steps per call are another graph than 1, "
        "and need not round alike. The same global batches of "
        f"{record['batch_size']} labelled and {record['unlabeled']} unlabelled "
        f"images; both workers' weights are {equal}. Times are of the smooth "
        "network with BatchNorm, one process'. "
        f"{_source(strategies, record)}"
    )
    return markdown.table(titles, made, note)


def survival_table() -> str:
    """Early ends and what was lost, by strategy; all records together."""
    records = read(survival.NAME)
    titles = (
        "ended early and resumed",
        *survival.SIGNALS,
        "before a first new snapshot",
        "as a stage ended",
        "runs",
        "lost",
        "largest difference of a weight",
        "metrics",
    )
    rows = []
    for name, title in _STRATEGIES.items():
        own = [record for record in records if record["strategy"] == name]
        if not own:
            continue
        runs = [run for record in own for run in record["runs"]]
        kills = [kill for run in runs for kill in run["kills"]]
        signals = [kill.get("signal", "SIGKILL") for kill in kills]
        kept = [r["largest_difference"] for r in runs if not r["failed"]]
        equal = all(r["metrics_are_equal"] for r in runs)
        cells = [
            *(signals.count(one) for one in survival.SIGNALS),
            sum(not kill["was_new"] for kill in kills),
            sum(kill["moment"] == "boundary" for kill in kills),
            len(runs),
            len(runs) - len(kept),
            f"{max(kept):.0e}" if any(kept) else "0, bit for bit",
            "equal" if equal else "differ",
        ]
        rows.append((title, *map(str, cells)))
    recipes = ", ".join(sorted({f"`{r['recipe']}`" for r in records}))
    note = (
        f"{recipes}, after one baseline each, against the same run that "
        "nobody ended; one run is ended several times in succession until it "
        f"finishes. Deterministic operations. {_source(survival, *records)}"
    )
    return markdown.table(titles, rows, note)


def lowering_table() -> str:
    """Sizes of lowered steps, and what in them a TPU would refuse."""
    record = read(lowering.NAME)[-1]
    titles = (
        "lowered",
        "precision",
        "operations of TensorFlow",
        "kinds",
        "instructions of XLA",
        "kinds",
        "what a TPU lacks",
    )
    rows = []
    for row in record["rows"]:
        cells = [row["case"], row["precision"]]
        for part in ("operations", "instructions"):
            counts = row.get(part, {})
            cells += [f"{sum(counts.values()):,}", str(len(counts))]
        found = "; ".join(row["problems"]).partition(" Stack trace")[0]
        rows.append([*cells, found or "nothing found"])
    kinds = sorted(
        {k for r in record["rows"] for k in r.get("instructions", {})}
    )
    note = (
        "Whole steps of Meta Pseudo Labels on `wrn_10_1`, BatchNorm on, one "
        f"replica. All instructions: {', '.join(f'`{k}`' for k in kinds)}. "
        f"{_source(lowering, record)}"
    )
    return markdown.table(titles, rows, note, left=(0, 1, 6))


LAUNCH = {
    strategies.NAME: strategies_table,
    survival.NAME: survival_table,
    lowering.NAME: lowering_table,
}
