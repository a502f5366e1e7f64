"""Runs a recipe: trains its baselines, then it, and writes the run folder."""

import time
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import keras_mpl
from keras_mpl import models
from keras_mpl import recipes
from keras_mpl import report
from keras_mpl.recipes import Recipe
from keras_mpl.runner import assembly
from keras_mpl.runner import looks
from keras_mpl.runner import pictures
from keras_mpl.runner import stages

Answers = dict[str, np.ndarray]  # by network, class ids of the test images


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """What a run came to.

    Attributes:
        folder: The run folder.
        accuracy: Test accuracy of the recipe's averaged student, a fraction.
        rows: Per recipe its accuracies and seconds, as in `result.json`.
        wall_clock_seconds: Of the whole run.
    """

    folder: Path
    accuracy: float
    rows: tuple[dict[str, Any], ...]
    wall_clock_seconds: float


def run(
    recipe: Recipe | str,
    *,
    output: str | Path | None = None,
    seed: int = 0,
    overrides: Iterable[str] = (),
    verbose: int = 1,
) -> RunResult:
    """Trains a recipe after its baselines, at equal budget, and reports.

    Args:
        recipe: A recipe, or the name of one.
        output: The run folder, new or empty; by default the next of
            `runs/<name>-1`, `runs/<name>-2`, ...
        seed: From 0 to 2**32 - 1; everything random follows from it.
        overrides: Each `key=value`, as in `recipes.override`.
        verbose: Whether to show progress and the final table.

    Returns:
        Where it all lies, and the accuracies.

    Raises:
        ValueError: If a name, a setting or the output cannot be used; before
            any training.
    """
    start = time.perf_counter()
    overrides = tuple(overrides)
    if isinstance(recipe, str):
        recipe = recipes.find(recipe)
    family = recipes.resolve(recipe, overrides)
    _check_seed(seed)
    with assembly.precision(family[-1].precision):
        loaded = assembly.load(family[-1], seed)
        jobs = [stages.job(member, loaded, seed) for member in family]
        folder = report.create_folder(output, recipe.name)
        config = _config(family, loaded, seed, overrides)
        config["inputs"] = pictures.kind(loaded)
        config["picture"] = pictures.alternative(loaded)
        report.write_json(folder / "config.json", config)
        loaded.split.save(folder / "split.json")
        if verbose:
            print(f"{folder}: seed {seed}, on {config['device']}")
            print(looks.of_split(loaded))
        answers = [_train(job, folder, verbose) for job in jobs]
        models.export(jobs[-1].student, folder / "student.keras")
        rows = _finish(jobs, answers, loaded, folder)
    seconds = round(time.perf_counter() - start, 1)
    _write_up(folder, config, rows, seconds, verbose)
    return RunResult(
        folder=folder,
        accuracy=rows[-1]["test_accuracy"],
        rows=tuple(rows),
        wall_clock_seconds=seconds,
    )


def _check_seed(seed: int) -> None:
    is_int = isinstance(seed, int) and not isinstance(seed, bool)
    if not is_int or not 0 <= seed < 2**32:
        raise ValueError(
            f"`seed` must be from 0 to 2**32 - 1. Received: seed={seed!r}"
        )


def _train(job: stages.Job, folder: Path, verbose: int) -> list[Answers]:
    """Trains stage after stage; returns what each says of the test images.

    Their labels stay out of sight until all training is done.
    """
    recipe, done, answers = job.recipe, 0, []
    every = recipe.eval_every_steps
    for stage in job.stages:
        given = stage.given(folder)
        log = report.MetricsLog(
            folder, recipe.name, every, stage=stage.name, first_step=done
        )
        callbacks = [log]
        if verbose:
            title = f"{recipe.name}, {stage.name}: {recipe.summary}"
            print(f"\n{title}", flush=True)
            callbacks.append(report.Progress(stage.steps, every))
        stage.model.fit(
            given.batches,
            epochs=stage.steps // every,
            steps_per_epoch=every,
            validation_data=given.data.part("validation"),
            callbacks=callbacks,
            shuffle=False,
            verbose=0,
        )
        done += stage.steps
        answers.append(_answers(stage.model, given.data.part("test")[0]))
    return answers


def _answers(model: Any, images: Any) -> Answers:
    """What the average and every network of a model say of images."""
    networks = {"": model.ema_student}
    networks |= {f"{name}_": net for name, net in model.networks.items()}
    return {k: assembly.classes(net, images) for k, net in networks.items()}


def _config(
    family: Sequence[Recipe],
    loaded: assembly.Data,
    seed: int,
    overrides: Sequence[str],
) -> dict[str, Any]:
    *baselines, recipe = family
    split = loaded.split
    return {
        "recipe": recipe.to_dict(),
        "baselines": [baseline.to_dict() for baseline in baselines],
        "fingerprint": recipe.fingerprint(),
        "seed": seed,
        "overrides": list(overrides),
        "split": {
            "name": split.name,
            "fingerprint": split.fingerprint,
            "num_unlabeled": len(split.unlabeled),
        },
        "skipped_files": [list(entry) for entry in loaded.skipped],
        "precision": recipe.precision,
        **report.environment(keras_mpl.__version__),
    }


def _finish(
    jobs: Sequence[stages.Job],
    answers: Sequence[Sequence[Answers]],
    loaded: assembly.Data,
    folder: Path,
) -> list[dict[str, Any]]:
    """Looks at the test labels, once, after all training; draws pictures."""
    test = loaded.part("test")
    records = report.read_records(folder)
    rows = []
    for job, said in zip(jobs, answers, strict=True):
        recipe = job.recipe
        own = [line for line in records if line["recipe"] == recipe.name]
        names = [stage.name for stage in job.stages]
        by_stage = dict(zip(names, said, strict=True))
        rows.append(report.row(recipe.to_dict(), by_stage, test[1], own))
    recipe, classes = jobs[-1].recipe, answers[-1][-1]
    curves = report.curves(records, recipe.name, num_classes=loaded.num_classes)
    curves.savefig(folder / "curves.png")
    pictures.draw(jobs, classes, loaded, folder)
    return rows


def _write_up(
    folder: Path,
    config: dict[str, Any],
    rows: list[dict[str, Any]],
    seconds: float,
    verbose: int,
) -> None:
    result = {
        "recipe": config["recipe"]["name"],
        "fingerprint": config["fingerprint"],
        "seed": config["seed"],
        "rows": rows,
        "wall_clock_seconds": seconds,
    }
    report.write_json(folder / "result.json", result)
    (folder / "report.md").write_text(report.page(config, result))
    if verbose:
        print(f"\nTest accuracy, last step:\n\n{report.summary(result)}\n")
        print(f"{seconds:.0f} s; report.md and all else is in {folder}")
