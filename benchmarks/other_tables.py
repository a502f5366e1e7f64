"""The tables of methods, of the ablation and of memory, from their records.

    python benchmarks/run_seeds.py digits_20_methods --seeds 10
    python benchmarks/run_seeds.py digits_20_objectives --seeds 10
    python benchmarks/run_seeds.py breast_cancer_10
    python benchmarks/run_seeds.py topics_20
    python benchmarks/reduced_memory.py
    python benchmarks/microbatch_memory.py

`render.py` puts them into docs/evidence.md.
"""

import functools
import statistics

from over_seeds import spread
from provenance import where
from records import read
from run_seeds import family

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


def _title(name, prefix):
    key = name.removeprefix(prefix).removeprefix("_")
    return _TITLES.get(key, "**Meta Pseudo Labels**")


def _lines(title, rows):
    """One line per stage of a recipe; its figures are of all its seeds."""
    staged = [row.get("stages") or [{**row, "stage": "train"}] for row in rows]
    for at in zip(*staged, strict=True):
        stage = at[0]["stage"]
        name = _STAGES.get(stage, f"trained, round {stage.split()[-1]}")
        first = "" if len(staged[0]) == 1 else f", {name}"
        keys = ("test_accuracy", "test_student_accuracy")
        cells = [spread([row[key] for row in at]) for key in keys]
        cells.append(spread([row["test_teacher_accuracy"] for row in at]))
        seconds = statistics.median(row["seconds"] for row in at)
        cells.append(f"{seconds:.0f}")
        yield f"| {title}{first} | " + " | ".join(cells) + " |"


def family_table(name):
    """A row per recipe of a family and stage, and the sentence under it."""
    recipe = recipes.find(name)
    fingerprints = family(recipe)
    records = [
        r for r in read(name) if r["fingerprint"] == fingerprints[r["recipe"]]
    ]
    missing = set(fingerprints) - {r["recipe"] for r in records}
    if missing:
        raise SystemExit(
            f"no record of {sorted(missing)} as they are today: run "
            f"benchmarks/run_seeds.py {name}"
        )
    prefix = f"{recipe.data.dataset}_{recipe.data.num_labeled}"
    lines = [
        f"| {recipe.data.dataset}, {recipe.data.num_labeled} labels: "
        "test accuracy in % | averaged student | student | teacher | seconds |",
        "|---|---:|---:|---:|---:|",
    ]
    for member in fingerprints:
        rows = [r for r in records if r["recipe"] == member]
        lines += _lines(_title(member, prefix), rows)
    counts = {n: sum(r["recipe"] == n for r in records) for n in fingerprints}
    lines += [
        "",
        f"Mean ± standard deviation over {min(counts.values())} seeds, last "
        f"step of each stage, {recipe.data.num_test} test examples. "
        f"{where(records)}; records in "
        f"[benchmarks/results](benchmarks/results/{name}.jsonl).",
    ]
    return "\n".join(lines)


def memory_table():
    """The last measurement of Reduced MPL's memory and step time."""
    record = read("reduced_memory")[-1]
    titles = {
        "mpl": f"Meta Pseudo Labels, teacher `{record['teacher']}`",
        "reduced": "Reduced: MLP over that teacher's stored probabilities",
    }
    lines = [
        f"| student `{record['student']}`, beside it | teacher's weights "
        "| peak memory, MiB | of that before training | seconds per step "
        "| processor seconds per step |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {titles[row['variant']]} | {row['teacher_weights']:,} "
        f"| {row['peak_mib']:,.0f} | {row['peak_mib_before_training']:,.0f} "
        f"| {row['seconds_per_step']:.2f} "
        f"| {row['cpu_seconds_per_step']:.2f} |"
        for row in record["rows"]
    ]
    unlabeled = record["batch_size"] * record["unlabeled_ratio"]
    lines += [
        "",
        f"{record['batch_size']} labelled and {unlabeled} unlabelled images of "
        "32 x 32 pixels per step; resident memory of a process of its own, "
        f"median time of {record['steps']} steps. {where([record])}; "
        "benchmarks/reduced_memory.py.",
    ]
    return "\n".join(lines)


def microbatch_table():
    """Memory and time against the ratio, in slices and whole."""
    record = read("microbatch_memory")[-1]
    by_ratio = {}
    for row in record["rows"]:
        by_ratio.setdefault(row["ratio"], {})[row["microbatch_size"]] = row
    first = record["rows"][0]
    size = max(filter(None, by_ratio[first["ratio"]]))
    lines = [
        "| unlabelled per labelled image | all at once: MiB above the start "
        f"| `microbatch_size={size}`: MiB | all at once: processor seconds "
        "per step | in slices |",
        "|---|---:|---:|---:|---:|",
    ]
    for ratio, found in by_ratio.items():
        memory, seconds = (
            [found[key][name] for key in (None, size)]
            for name in ("peak_less_start_mebibytes", "cpu_seconds_median")
        )
        cells = [str(ratio), *(f"{m:,}" for m in memory)]
        cells += [f"{s:.2f}" for s in seconds]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        f"Teacher and student `{first['model']}`, {first['batch_size']} "
        "labelled images of 32 x 32 pixels per step; peak resident memory of "
        "a process of its own, less what it had before the first step; median "
        f"of {first['steps']} steps. {where([record])}; "
        "benchmarks/microbatch_memory.py.",
    ]
    return "\n".join(lines)


FAMILIES = (
    "digits_20_methods",
    "digits_20_objectives",
    "breast_cancer_10",
    "topics_20",
)
OTHER_TABLES = {
    **{name: functools.partial(family_table, name) for name in FAMILIES},
    "reduced_memory": memory_table,
    "microbatch_memory": microbatch_table,
}
