"""What a step costs beside PyTorch's, as a table and a figure of docs/speed.md.

The records are those of `throughput.py`. A configuration that was measured
several times counts with its last run; it is compared within that run alone.
"""

import itertools
import statistics
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.common import folders
from benchmarks.common import turns
from benchmarks.common.provenance import where
from benchmarks.common.records import Record
from benchmarks.common.records import read
from benchmarks.speed import throughput
from benchmarks.tables import figures
from benchmarks.tables import markdown

_GROUP = ("model", "precision", "batch_size", "ratio")
_OURS = {
    "fixmatch": "FixMatch",
    "mean_teacher": "Mean Teacher",
    "pseudo_label": "Pseudo Labels",
    "supervised": "labels alone",
    "uda": "UDA",
}
_TITLES = (
    "a step",
    "seconds",
    "images/s",
    "of PyTorch's better",
    "of `finite_difference`",
    "peak MiB",
    "first step, s",
    "GFLOP",
    "% of the convolutions' peak",
    "convolutions alone, %",
)


def latest(records: Iterable[Record]) -> list[Record]:
    """Returns the last record of each configuration, by group and title."""
    found: dict[tuple[object, ...], Record] = {}
    for row in records:
        how = (row["threads"], row["jit_compile"])
        found[(*(row[key] for key in _GROUP), row["title"], *how)] = row
    order = list(dict.fromkeys(key[:4] for key in found))
    return [
        row for group in order for k, row in found.items() if k[:4] == group
    ]


def title(row: Record) -> str:
    """Returns how the table calls a configuration."""
    if row["library"] == "torch":
        return f"PyTorch, {row['layout']}"
    name = _OURS.get(row["method"], f"**ours**, `{row['feedback']}`")
    parts = [name, *(f"`{item}`" for item in row["settings"])]
    parts += ["XLA"] if row["jit_compile"] else []
    if row["threads"]:
        word = "thread" if row["threads"] == 1 else "threads"
        parts.append(f"{row['threads']} {word}")
    return ", ".join(parts)


def _group_title(row: Record) -> str:
    unlabeled = row["batch_size"] * row["ratio"]
    return (
        f"`{row['model']}`, {row['batch_size']} + {unlabeled} images of "
        f"{row['size']} x {row['size']}, {row['precision']}"
    )


def _ratio(row: Record, others: Sequence[Record]) -> str:
    """Compares with the fastest of some others, turn by turn."""
    if not others:
        return ""
    best = min(others, key=lambda other: other["seconds_median"])
    if best["title"] == row["title"]:
        return "1"
    return f"{turns.ratio(row['seconds'], best['seconds']):.2f}"


def _cells(row: Record, records: Sequence[Record]) -> list[str]:
    """Returns a configuration's line, given all records."""
    same = [
        other
        for other in records
        if other["run"] == row["run"]
        and all(other[key] == row[key] for key in _GROUP)
    ]
    torch = [other for other in same if other["library"] == "torch"]
    scalar = [
        other
        for other in same
        if other["feedback"] == "finite_difference"
        and other["settings"] == row["settings"]
    ]
    alone = row["convolutions_alone_seconds"] / row["seconds_median"]
    return [
        title(row),
        f"{row['seconds_median']:.3g}",
        f"{row['images_per_second']:.3g}",
        _ratio(row, torch),
        _ratio(row, scalar if row["library"] == "keras_mpl" else []),
        f"{row['peak_mebibytes']:,}",
        f"{row['first_step_seconds']:.1f}",
        f"{sum(row['flops'].values()) / 1e9:.3g}",
        f"{100 * throughput.share_of_peak(row):.0f}",
        f"{100 * alone:.0f}",
    ]


def table() -> str:
    """A row per configuration, by network, precision, batch and ratio."""
    records = read(throughput.NAME)
    shown = latest(records)
    lines: list[list[str]] = []
    grouped = itertools.groupby(shown, key=_group_title)
    for name, rows in grouped:
        lines.append([name, *[""] * (len(_TITLES) - 1)])
        lines += [_cells(row, records) for row in rows]
    return markdown.table(_TITLES, lines, f"{_picture(shown)}{_note(shown)}")


def _note(shown: Sequence[Record]) -> str:
    machines = dict.fromkeys(
        f"{row['processor']} ({', '.join(row['instructions'])}), "
        f"{row['cores']} cores, oneDNN {'on' if row['onednn'] else 'off'}"
        for row in shown
    )
    versions = dict.fromkeys(row["torch"] for row in shown if row["torch"])
    best = statistics.median(row["convolution_peak"] for row in shown) / 1e9
    matrix = statistics.median(row["matmul_peak"] for row in shown) / 1e9
    load = max(row["load"] for row in shown)
    return (
        "Medians of the clock; ratios are medians of the turns'. GFLOP: of the "
        "convolutions, as the algorithm needs them. The peak is the best rate "
        "of one of the network's own convolutions by itself "
        f"({best:.0f} GFLOP/s in the median; a matrix product of 2048 has "
        f"{matrix:.0f}). Convolutions alone: the part of the step that they "
        "would take, each at its own best rate. "
        f"{'; '.join(machines)}, load up to {load}; "
        f"{''.join(f'PyTorch {one}, ' for one in versions)}{where(shown)}; "
        "records in [benchmarks/results](benchmarks/results/throughput.jsonl)."
    )


def _picture(shown: Sequence[Record]) -> str:
    """Draws what has several ratios; returns the link to it, or nothing."""
    by_ratio: dict[tuple[object, ...], list[Record]] = {}
    for row in shown:
        key = tuple(row[name] for name in _GROUP[:3])
        by_ratio.setdefault(key, []).append(row)
    rows = max(
        by_ratio.values(), key=lambda rows: len({r["ratio"] for r in rows})
    )
    if len({row["ratio"] for row in rows}) < 2:
        return ""
    draw(rows)
    return (
        "![Seconds and memory of a step over the ratio]"
        f"(benchmarks/figures/{throughput.NAME}.png)\n\n"
    )


def draw(rows: Sequence[Record]) -> None:
    """Draws seconds and peak memory over the unlabelled images' ratio.

    Args:
        rows: Records of one network, precision and batch.
    """
    figure = Figure(figsize=(10, 4.4), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2)
    lines: dict[str, list[Record]] = {}
    for row in sorted(rows, key=lambda row: row["ratio"]):
        lines.setdefault(
            title(row).replace("*", "").replace("`", ""), []
        ).append(row)
    _panel(left, lines, lambda row: row["seconds_median"])
    _panel(right, lines, lambda row: row["peak_mebibytes"] / 1024)
    left.set_ylabel("seconds a step")
    right.set_ylabel("peak memory of the process, GiB")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=3, frameon=False
    )
    figures.save(figure, folders.FIGURES / f"{throughput.NAME}.png")


def _panel(
    axes: Axes,
    lines: Mapping[str, Sequence[Record]],
    height: Callable[[Record], float],
) -> None:
    for name, rows in lines.items():
        dashes = "--" if rows[0]["library"] == "torch" else "-"
        x = [row["ratio"] for row in rows]
        axes.plot(
            x, [height(row) for row in rows], dashes, marker="o", label=name
        )
    axes.set_xlabel("unlabelled images per labelled one")
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color="#DDDDDD")
    axes.spines[["top", "right"]].set_visible(False)


THROUGHPUT = {throughput.NAME: table}
