"""The tables of families of recipes and of memory, from their records.

    python -m benchmarks.accuracy.run_seeds digits_20_methods --seeds 10
    python -m benchmarks.accuracy.run_seeds digits_20_objectives --seeds 10
    python -m benchmarks.accuracy.run_seeds breast_cancer_10
    python -m benchmarks.accuracy.run_seeds topics_20
    python -m benchmarks.speed.reduced_memory
    python -m benchmarks.speed.microbatch_memory

`render.py` puts them into docs/evidence.md.
"""

import functools
import statistics
from collections.abc import Callable
from collections.abc import Iterator

from benchmarks.common.over_seeds import spread
from benchmarks.common.provenance import where
from benchmarks.common.records import Record
from benchmarks.common.records import read
from benchmarks.tables import families
from benchmarks.tables import markdown
from keras_mpl import recipes

_TITLES = {
    "supervised": "labels alone",
    "pseudo_label": "Pseudo Labels, of a teacher trained on the labels",
    "noisy_student": "Noisy Student",
    "mean_teacher": "Mean Teacher",
    "uda": "UDA",
    "fixmatch": "FixMatch",
    "none": "no feedback: student of a UDA teacher",
    "pretrained": "Meta Pseudo Labels, teacher trained on the labels first",
    "reduced": "Reduced Meta Pseudo Labels",
    "methods": "**Meta Pseudo Labels**",
    "none_labels": "teacher learns from labels, no feedback",
    "mpl_labels": "teacher learns from labels, feedback",
    "none_randaugment": "teacher learns from strong labels, no feedback",
    "mpl_randaugment": "teacher learns from strong labels, feedback",
    "none_fixmatch": "teacher learns by FixMatch, no feedback",
    "mpl_fixmatch": "teacher learns by FixMatch, feedback",
    "objectives": "teacher learns by UDA, feedback",
}
_STAGES = {
    "pretrain": "teacher, pre-trained",
    "train": "trained",
    "finetune": "finetuned",
}


def title_of(name: str, prefix: str) -> str:
    """Returns how a table calls a recipe.

    Args:
        name: Of the recipe.
        prefix: With which the names of its family begin.
    """
    key = name.removeprefix(prefix).removeprefix("_")
    return _TITLES.get(key, "**Meta Pseudo Labels**")


def _stages(title: str, records: list[Record]) -> Iterator[list[str]]:
    """Yields a row per stage of a recipe, with the figures of all seeds."""
    staged = [r.get("stages") or [{**r, "stage": "train"}] for r in records]
    for at in zip(*staged, strict=True):
        stage = at[0]["stage"]
        name = _STAGES.get(stage, f"trained, round {stage.split()[-1]}")
        first = "" if len(staged[0]) == 1 else f", {name}"
        keys = ("test_accuracy", "test_student_accuracy")
        cells = [spread([row[key] for row in at]) for key in keys]
        cells.append(spread([row["test_teacher_accuracy"] for row in at]))
        seconds = statistics.median(row["seconds"] for row in at)
        cells.append(f"{seconds:.0f}")
        yield [f"{title}{first}", *cells]


def family_table(name: str) -> str:
    """A row per recipe of a family and stage, and the sentence under it."""
    recipe = recipes.find(name)
    records = families.current(name, recipe)
    prefix = f"{recipe.data.dataset}_{recipe.data.num_labeled}"
    titles = (
        f"{recipe.data.dataset}, {recipe.data.num_labeled} labels: "
        "test accuracy in %",
        "averaged student",
        "student",
        "teacher",
        "seconds",
    )
    rows: list[list[str]] = []
    counts = []
    for member in recipes.resolve(recipe):
        own = [r for r in records if r["recipe"] == member.name]
        counts.append(len(own))
        rows += _stages(title_of(member.name, prefix), own)
    note = (
        f"Mean ± standard deviation over {min(counts)} seeds, last "
        f"step of each stage, {recipe.data.num_test} test examples. "
        f"{where(records)}; records in "
        f"[benchmarks/results](benchmarks/results/{name}.jsonl)."
    )
    return markdown.table(titles, rows, note)


def memory_table() -> str:
    """The last measurement of Reduced MPL's memory and step time."""
    record = read("reduced_memory")[-1]
    names = {
        "mpl": f"Meta Pseudo Labels, teacher `{record['teacher']}`",
        "reduced": "Reduced: MLP over that teacher's stored probabilities",
    }
    titles = (
        f"student `{record['student']}`, beside it",
        "teacher's weights",
        "peak memory, MiB",
        "of that before training",
        "seconds per step",
        "processor seconds per step",
    )
    rows = [
        (
            names[row["variant"]],
            f"{row['teacher_weights']:,}",
            f"{row['peak_mib']:,.0f}",
            f"{row['peak_mib_before_training']:,.0f}",
            f"{row['seconds_per_step']:.2f}",
            f"{row['cpu_seconds_per_step']:.2f}",
        )
        for row in record["rows"]
    ]
    unlabeled = record["batch_size"] * record["unlabeled_ratio"]
    note = (
        f"{record['batch_size']} labelled and {unlabeled} unlabelled images of "
        "32 x 32 pixels per step; resident memory of a process of its own, "
        f"median time of {record['steps']} steps. {where([record])}; "
        "benchmarks/speed/reduced_memory.py."
    )
    return markdown.table(titles, rows, note)


def microbatch_table() -> str:
    """Memory and time against the ratio, in slices and whole."""
    record = read("microbatch_memory")[-1]
    by_ratio: dict[int, dict[int | None, Record]] = {}
    for row in record["rows"]:
        by_ratio.setdefault(row["ratio"], {})[row["microbatch_size"]] = row
    first = record["rows"][0]
    size = max(filter(None, by_ratio[first["ratio"]]))
    titles = (
        "unlabelled per labelled image",
        "all at once: MiB above the start",
        f"`microbatch_size={size}`: MiB",
        "all at once: processor seconds per step",
        "in slices",
    )
    rows = []
    for ratio, found in by_ratio.items():
        memory, seconds = (
            [found[key][name] for key in (None, size)]
            for name in ("peak_less_start_mebibytes", "cpu_seconds_median")
        )
        cells = [str(ratio), *(f"{m:,}" for m in memory)]
        cells += [f"{s:.2f}" for s in seconds]
        rows.append(cells)
    note = (
        f"Teacher and student `{first['model']}`, {first['batch_size']} "
        "labelled images of 32 x 32 pixels per step; peak resident memory of "
        "a process of its own, less what it had before the first step; median "
        f"of {first['steps']} steps. {where([record])}; "
        "benchmarks/speed/microbatch_memory.py."
    )
    return markdown.table(titles, rows, note)


FAMILIES = (
    "digits_20_methods",
    "digits_20_objectives",
    "breast_cancer_10",
    "topics_20",
)
OTHER_TABLES: dict[str, Callable[[], str]] = {
    **{name: functools.partial(family_table, name) for name in FAMILIES},
    "reduced_memory": memory_table,
    "microbatch_memory": microbatch_table,
}
