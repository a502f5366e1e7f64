"""From a recipe to the stages of its training: models, ready to fit in order.

A stage hands its network on to the next one by reference, so all are built,
and refused, before any training.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_mpl import trainers
from keras_mpl.data import PairedData
from keras_mpl.recipes import Optimizer
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import datasets
from keras_mpl.runner.building import finetuning
from keras_mpl.runner.building import lookup
from keras_mpl.runner.building import methods
from keras_mpl.runner.building import stored_probs

_STEPS_PER_EXECUTION = 10  # fewer calls from Python make small steps fast


class StageData(NamedTuple):
    """The data that a stage is trained and evaluated on.

    Attributes:
        data: The data, with a validation and a test set.
        batches: The batches that `fit` takes.
    """

    data: assembly.Loaded
    batches: PairedData


MakeData = Callable[[Path], StageData]


class Stage(NamedTuple):
    """One `fit` of a recipe.

    Attributes:
        name: `pretrain`, `train`, `train 2` (of the second round), `finetune`.
        model: The compiled model.
        make_data: From the run folder to the data of the stage; called when
            the stages before it are done.
        steps: The number of training steps.
    """

    name: str
    model: Any
    make_data: MakeData
    steps: int


class Job(NamedTuple):
    """One recipe of a run, ready to train.

    Attributes:
        recipe: The recipe.
        stages: Its stages, in order.
    """

    recipe: Recipe
    stages: list[Stage]

    @property
    def student(self) -> keras.Model:
        """What the last stage leaves: the averaged student."""
        student = self.stages[-1].model.ema_student
        plan = self.recipe.stages
        if plan.use_reduced_teacher and not plan.finetune_steps:
            return trainers.without_probs(student)
        return student


def job(recipe: Recipe, loaded: assembly.Loaded, seed: int) -> Job:
    """Builds all of a recipe; equal seeds give students of equal weights.

    Args:
        recipe: The recipe.
        loaded: Its data.
        seed: The seed of weights and draws.

    Raises:
        ValueError: If a name or a setting of the recipe cannot be used.
    """
    _check_microbatches(recipe)
    keras.utils.set_random_seed(seed)
    student = assembly.network(recipe, loaded)
    teacher = _teacher(recipe, loaded)
    stages = []
    if recipe.stages.pretrain_steps and teacher is not None:
        stages.append(_pretraining(recipe, loaded, seed, teacher))
        teacher = stages[-1].model.ema_student
    if recipe.stages.use_reduced_teacher:
        model, make_data = _reduced(recipe, loaded, seed, teacher, student)
    else:
        model = methods.build(recipe, teacher, student, seed)
        make_data = _at_once(loaded, assembly.batches(recipe, loaded, seed))
    stages += _rounds(recipe, loaded, model, make_data)
    if recipe.stages.finetune_steps:
        stages.append(_finetuning(recipe, loaded, seed, stages[-1].model))
    return Job(recipe, stages)


def _check_microbatches(recipe: Recipe) -> None:
    """Checks a replica's share; the recipe itself checked the whole step."""
    size = getattr(recipe.method, "microbatch_size", None)
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    examples = recipe.batch_size * recipe.unlabeled_ratio // replicas
    if size and examples % size:
        raise ValueError(
            "`method.microbatch_size` must divide the unlabelled examples of a "
            f"replica. Received: method.microbatch_size={size}, "
            f"{examples} examples on each of {replicas} replicas"
        )


def _teacher(recipe: Recipe, loaded: assembly.Loaded) -> keras.Model | None:
    """The teacher's network, if the method has one and nobody stored it."""
    if not recipe.method.has_teacher or recipe.data.stored_probs is not None:
        return None
    settings = recipe.model
    return assembly.network(
        recipe,
        loaded,
        settings.teacher_network,
        dropout=settings.teacher_dropout,
    )


def _at_once(loaded: assembly.Loaded, batches: PairedData) -> MakeData:
    return lambda folder: StageData(loaded, batches)


def _rounds(
    recipe: Recipe,
    loaded: assembly.Loaded,
    model: Any,
    make_data: MakeData,
) -> list[Stage]:
    """The training itself; Noisy Student repeats it with new students."""
    stages = []
    for number in range(1, recipe.stages.rounds + 1):
        if number > 1:
            model = model.successor(assembly.network(recipe, loaded))
        optimizers = {n: getattr(recipe, n) for n in model.trained_networks}
        _compile(model, recipe, optimizers, recipe.train_steps)
        name = "train" if number == 1 else f"train {number}"
        stages.append(Stage(name, model, make_data, recipe.train_steps))
    return stages


def _pretraining(
    recipe: Recipe, loaded: assembly.Loaded, seed: int, teacher: keras.Model
) -> Stage:
    """The teacher learns without the student, on a schedule of its own."""
    plan = recipe.stages
    model = methods.build_pretraining(recipe, teacher, seed)
    optimizer = recipe.teacher or recipe.student
    _compile(model, recipe, {"student": optimizer}, plan.pretrain_steps)
    batches = assembly.batches(recipe, loaded, seed, weak=plan.pretrain_view)
    make_data = _at_once(loaded, batches)
    return Stage("pretrain", model, make_data, plan.pretrain_steps)


def _reduced(
    recipe: Recipe,
    loaded: assembly.Loaded,
    seed: int,
    teacher: keras.Model | None,
    student: keras.Model,
) -> tuple[trainers.Method, MakeData]:
    """Reduced MPL: a small MLP over stored probabilities is the teacher."""
    loaded = datasets.in_memory(loaded)
    has_exam = loaded.test is not None or loaded.own_validation is not None
    if has_exam and teacher is None:  # nobody stored its probabilities
        raise ValueError(
            "`data.stored_probs` must be none for data with a test or "
            "validation set of their own. "
            f"Received: data.dataset={recipe.data.dataset!r}"
        )
    stored = None
    if recipe.data.stored_probs is not None:  # refused before any training
        stored = stored_probs.read(loaded, recipe.data.stored_probs)
    small = trainers.reduced_teacher(
        loaded.num_classes,
        student.input_shape[1:],
        input_dtype=student.inputs[0].dtype,
    )
    model = methods.build(recipe, small, trainers.beside_probs(student), seed)

    def make_data(folder: Path) -> StageData:
        probs = stored
        if probs is None:
            probs = stored_probs.write_and_read(recipe, loaded, teacher, folder)
        together = {"inputs": loaded.images, "probs": probs}
        nested = loaded._replace(images=together)
        nested = nested._replace(
            test=_exam_beside_probs(loaded, "test", teacher),
            own_validation=_exam_beside_probs(loaded, "validation", teacher),
        )
        return StageData(nested, assembly.batches(recipe, nested, seed))

    return model, make_data


def _exam_beside_probs(
    loaded: datasets.Data, name: str, teacher: keras.Model
) -> tuple[dict[str, Any], np.ndarray] | None:
    """A set of its own with its probabilities; `None` if it is a part."""
    own = loaded.own(name)
    if own is None:
        return None
    probs = assembly.probs(teacher, loaded.part(name)[0])
    return {"inputs": own[0], "probs": probs}, own[1]


def _finetuning(
    recipe: Recipe, loaded: assembly.Loaded, seed: int, trained: Any
) -> Stage:
    plan = recipe.stages
    is_last = plan.finetune_from == "last"
    student = trained.student if is_last else trained.ema_student
    if plan.use_reduced_teacher:
        student = trainers.without_probs(student)
    model = finetuning.compiled(
        student,
        plan.finetune_lr,
        seed=seed,
        batch_statistics=plan.finetune_batch_statistics,
        steps_per_execution=_steps_per_execution(recipe),
        class_weights=recipe.method.class_weights,
    )
    batches = finetuning.batches(
        loaded.training_sets()[0],
        finish=loaded.finish,
        batch_size=finetuning.BATCH_SIZE,
        view=lookup.view("views.weak", recipe.views.weak),
        seed=seed,
    )
    make_data = _at_once(loaded, batches)
    return Stage("finetune", model, make_data, plan.finetune_steps)


def _compile(
    model: Any, recipe: Recipe, optimizers: dict[str, Optimizer], steps: int
) -> None:
    rates = dict.fromkeys(optimizers, recipe.model.backbone_rate)
    if recipe.stages.use_reduced_teacher:
        rates["teacher"] = 1.0  # it starts anew, and has no backbone
    built = {
        f"{name}_optimizer": assembly.sgd(
            settings, steps, backbone_rate=rates[name]
        )
        for name, settings in optimizers.items()
    }
    model.compile(
        metrics=["accuracy"],
        steps_per_execution=_steps_per_execution(recipe),
        **built,
    )


def _steps_per_execution(recipe: Recipe) -> int:
    return math.gcd(recipe.eval_every_steps, _STEPS_PER_EXECUTION)
