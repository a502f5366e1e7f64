"""What an interrupted run has left: its recipes, snapshots and records."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_mpl import messages
from keras_mpl import report
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building import recorded
from keras_mpl.runner.building import stages
from keras_mpl.runner.execution import fitting
from keras_mpl.runner.execution import snapshots


def check(folder: Path) -> None:
    """Checks that a run is not finished.

    Raises:
        ValueError: If it is.
    """
    if (folder / "result.json").exists():
        raise ValueError(
            "`run` must be an unfinished run. "
            f"Received: {folder}, which has a result.json"
        )


def family(folder: Path, config: dict[str, Any]) -> list[Recipe]:
    """Returns the recipes of a run; `config` then has them in present form."""
    found = recorded.family(folder, config)
    *config["baselines"], config["recipe"] = [one.to_dict() for one in found]
    config["fingerprint"] = found[-1].fingerprint()
    return found


def latest_snapshots(
    folder: Path, job: stages.Job
) -> list[snapshots.Snapshot | None]:
    """Returns the newest whole snapshot of each stage, if there is one."""
    return [
        snapshots.latest(
            fitting.snapshot_folder(folder, job.recipe, number),
            passed_over=messages.say,
        )
        for number in range(len(job.stages))
    ]


def check_records(
    folder: Path,
    records: Sequence[report.Evaluation],
    jobs: Sequence[stages.Job],
    kept: Sequence[Sequence[snapshots.Snapshot | None]],
) -> None:
    """Checks before training what the report will need after it."""
    there = {(record["recipe"], record["stage"]) for record in records}
    for job, of_stages in zip(jobs, kept, strict=True):
        for stage, snapshot in zip(job.stages, of_stages, strict=True):
            is_done = snapshot is not None and "answers" in snapshot.extra
            if is_done and (job.recipe.name, stage.name) not in there:
                raise ValueError(
                    "`run` must have the records of its finished stages in "
                    f"metrics.jsonl. Received: {folder} without those of "
                    f"{job.recipe.name}, {stage.name}"
                )
