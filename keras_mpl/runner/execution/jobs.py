"""The jobs of a run, trained one after the other, and the finished folder."""

import contextlib
import logging
import shutil
import time
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_mpl import messages
from keras_mpl import recipes
from keras_mpl import report
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import callbacks
from keras_mpl.runner.building import stages
from keras_mpl.runner.building import streamed
from keras_mpl.runner.execution import choice
from keras_mpl.runner.execution import closing
from keras_mpl.runner.execution import diagnosis
from keras_mpl.runner.execution import endings
from keras_mpl.runner.execution import fitting
from keras_mpl.runner.execution import pictures
from keras_mpl.runner.execution import preemption
from keras_mpl.runner.execution import pseudo_labels
from keras_mpl.runner.execution import snapshots
from keras_mpl.runner.execution import student_file
from keras_mpl.runner.execution.costs import Cost
from keras_mpl.runner.execution.display import Display
from keras_mpl.trainers.checks import lengths as length_checks

# By network, the best classes of every test image, as `assembly.best` has them.
Answers = dict[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """The outcome of a run.

    Attributes:
        folder: The run folder.
        accuracy: Test accuracy of the recipe's averaged student, a fraction.
        rows: Per recipe its accuracies and seconds, as in `result.json`.
        exported: Name of the recipe whose student is `student.keras`.
        wall_clock_seconds: Of this process; of a resumed run, since then.
    """

    folder: Path
    accuracy: float
    rows: tuple[report.Row, ...]
    exported: str
    wall_clock_seconds: float


def train_all(
    jobs: Sequence[stages.Job],
    kept: Sequence[Sequence[snapshots.Snapshot | None]],
    loaded: assembly.Loaded,
    folder: Path,
    config: dict[str, Any],
    start: float,
    costs: Mapping[tuple[str, str], Cost] = MappingProxyType({}),
    *,
    make_callbacks: callbacks.Make = lambda training: (),
    has_bar: bool = False,
) -> RunResult:
    """Trains what is left to train, and finishes the run folder."""
    further = [
        [
            callbacks.made_for(
                make_callbacks,
                callbacks.Training(job.recipe.name, stage.name, folder),
            )
            for stage in job.stages
        ]
        for job in jobs
    ]
    strategy = jobs[0].stages[0].model.distribute_strategy
    with (
        preemption.watch_for_sigterm(strategy) as notice,
        without_retracing_warning(),
        length_checks.unsaid(),
        streamed.naming_records(loaded),
    ):
        display = None
        if messages.are_heard():
            display = Display(jobs, kept, loaded, costs, has_bar=has_bar)
        answers = [
            _train(job, of_stages, folder, notice, display, own)
            for job, of_stages, own in zip(jobs, kept, further, strict=True)
        ]
    endings.check_there(folder)
    rows = _finish(jobs, answers, loaded, folder)
    found = _compare(jobs, rows, loaded, folder, config["inputs"])
    _export(jobs, found["exported"], loaded, folder)
    diagnosis.keep(folder, found["exported"]["recipe"], loaded)
    seconds = round(time.perf_counter() - start, 1)
    closing.list_skipped(loaded, folder, config)
    closing.write_up(folder, config, {"rows": rows, **found}, seconds)
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    return RunResult(
        folder=folder,
        accuracy=rows[-1]["test_accuracy"],
        rows=tuple(rows),
        wall_clock_seconds=seconds,
        exported=found["exported"]["recipe"],
    )


@contextlib.contextmanager
def without_retracing_warning() -> Iterator[None]:
    """Holds back TensorFlow's warning that training steps are traced often.

    It counts all models as one, and a run has several, each traced once.
    """
    logger = tf.get_logger()
    logger.addFilter(_is_no_retracing)
    try:
        yield
    finally:
        logger.removeFilter(_is_no_retracing)


def _is_no_retracing(record: logging.LogRecord) -> bool:
    return "triggered tf.function retracing" not in str(record.msg)


def _train(
    job: stages.Job,
    kept: Sequence[snapshots.Snapshot | None],
    folder: Path,
    notice: preemption.Notice,
    display: Display | None,
    further: Sequence[Sequence[keras.callbacks.Callback]],
) -> list[Answers]:
    """Trains stage after stage; returns the answers of each on the test set.

    The test labels are not read before all training is done. A stage that an
    interrupted run has finished is read back.
    """
    recipe, done, answers = job.recipe, 0, []
    every = recipe.eval_every_steps
    for number, (stage, snapshot) in enumerate(
        zip(job.stages, kept, strict=True)
    ):
        if snapshot:
            snapshots.restore(stage.model, snapshot)
        if snapshot and "answers" in snapshot.extra:
            done = _last_step(folder, recipe, stage)
            answers.append(snapshots.arrays(snapshot.extra["answers"]))
            continue
        at = done + (snapshot.step if snapshot else 0)
        endings.check_there(folder)
        if not fitting.has_ended(snapshot):  # else all records are its own
            report.drop_records(folder, recipe.name, after_step=at)
        stage_data = stage.make_data(folder)
        log = report.MetricsLog(
            folder, recipe.name, every, stage=stage.name, first_step=done
        )
        own: list[keras.callbacks.Callback] = []
        if display:
            own += display.callbacks(recipe, stage, snapshot)
        own += pseudo_labels.logs(folder, recipe, stage, stage_data.data, done)
        fitting.train(
            stage,
            stage_data,
            snapshot,
            every=every,
            folder=fitting.snapshot_folder(folder, recipe, number),
            notice=notice,
            log=log,
            callbacks=[*own, *further[number]],
        )
        done = _last_step(folder, recipe, stage)
        answers.append(_answers(stage.model, stage_data.data.part("test")[0]))
        fitting.finish(folder, recipe, number, stage.model, answers[-1])
    return answers


def _last_step(folder: Path, recipe: Recipe, stage: stages.Stage) -> int:
    """Returns where a stage has ended, which a callback may have done early."""
    own = recipe.name, stage.name
    steps = [
        record["step"]
        for record in report.read_records(folder)
        if (record["recipe"], record["stage"]) == own
    ]
    return max(steps, default=0)  # without records, the row refuses the run


def _answers(model: Any, images: Any) -> Answers:
    """Returns the best classes of images, by the average and every network."""
    networks = {"": model.ema_student}
    networks |= {f"{name}_": net for name, net in model.networks.items()}
    return {k: assembly.best(net, images) for k, net in networks.items()}


def _finish(
    jobs: Sequence[stages.Job],
    answers: Sequence[Sequence[Answers]],
    loaded: assembly.Loaded,
    folder: Path,
) -> list[report.Row]:
    """Reads the test labels, once, after all training; draws pictures."""
    test = loaded.part("test")
    records = report.read_records(folder)
    rows = []
    for job, said in zip(jobs, answers, strict=True):
        recipe = job.recipe
        own = [line for line in records if line["recipe"] == recipe.name]
        names = [stage.name for stage in job.stages]
        by_stage = dict(zip(names, said, strict=True))
        row = report.row(
            recipe.to_dict(),
            by_stage,
            test[1],
            own,
            loaded.real_labels,
            has_balanced=recipe.data.dataset == "folder",
        )
        if recipes.title(recipe) != recipe.name:
            row["title"] = recipes.title(recipe)
        rows.append(row)
    recipe = jobs[-1].recipe
    classes = {name: said[:, 0] for name, said in answers[-1][-1].items()}
    labels = np.asarray(loaded.raw("validation")[1])
    curves = report.curves(
        records,
        recipe.name,
        num_classes=loaded.num_classes,
        largest_class=float(np.bincount(labels).max() / len(labels)),
    )
    curves.savefig(folder / "curves.png")
    pictures.draw(jobs, classes, loaded, folder)
    return rows


def _compare(
    jobs: Sequence[stages.Job],
    rows: Sequence[report.Row],
    loaded: assembly.Loaded,
    folder: Path,
    inputs: str,
) -> dict[str, Any]:
    """Keeps what each student says of every given label; compares it.

    The rows get the validation accuracy of these very students: a callback may
    have put weights back after the last evaluation.
    """
    family = [job.recipe for job in jobs]
    names = ["validation", "test"]
    if isinstance(loaded, assembly.Data):  # else there are too many
        names.append("labeled")
    said = {}
    for job, row in zip(jobs, rows, strict=True):
        parts = {name: _predictions(job, loaded, name) for name in names}
        report.write_predictions(folder, job.recipe.name, parts)
        said[job.recipe.name] = parts
        report.set_validation(row, parts["validation"])
    return {
        "verdict": choice.verdict(family, said, inputs),
        "exported": choice.exported(family, said, inputs),
    }


def _predictions(
    job: stages.Job, loaded: assembly.Loaded, name: str
) -> report.Predictions:
    inputs, labels = loaded.part(name)
    logits = assembly.logits(job.student, inputs)
    return report.Predictions(labels, logits, loaded.paths_of(name))


def _export(
    jobs: Sequence[stages.Job],
    exported: report.Exported,
    loaded: assembly.Loaded,
    folder: Path,
) -> None:
    """Writes `student.keras`; where it was chosen, the others beside it."""
    for job in jobs:
        if job.recipe.name == exported["recipe"]:
            student_file.write(job, loaded, folder / "student.keras")
        elif exported["chosen_by"] == "validation":
            others = folder / "students"
            others.mkdir(exist_ok=True)
            path = others / f"{job.recipe.name}.keras"
            student_file.write(job, loaded, path)
