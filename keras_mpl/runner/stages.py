"""From a recipe to the stages of its training: models, ready to fit in order.

A stage hands its network on to the next one by reference, so all are built,
and refused, before any training.
"""

import math
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import keras

from keras_mpl import trainers
from keras_mpl.recipes import Optimizer
from keras_mpl.recipes import Recipe
from keras_mpl.runner import assembly

_METHODS: dict[str, Any] = {
    "supervised": trainers.Supervised,
    "pseudo_label": trainers.PseudoLabel,
    "uda": trainers.UDA,
    "fixmatch": trainers.FixMatch,
    "mean_teacher": trainers.MeanTeacher,
    "noisy_student": trainers.NoisyStudent,
    "mpl": trainers.MetaPseudoLabels,
}
_WITH_TEACHER = ("pseudo_label", "noisy_student", "mpl")
_MPL_OPTIONS = (
    "feedback",
    "feedback_scale",
    "feedback_weight",
    "consistency_weight",
    "consistency_ramp_steps",
    "temperature",
    "confidence_threshold",
    "cosine_floor",
)
_OPTIONS = ("label_smoothing", "ema_decay", "weight_decay", "clip_norm")
_STEPS_PER_EXECUTION = 50  # fewer calls from Python make small steps fast


class Stage(NamedTuple):
    """One `fit` of a recipe.

    Attributes:
        name: `pretrain`, `train`, `train 2` (of the second round), ...
        model: Compiled.
        batches: What it is given.
        steps: For how long.
    """

    name: str
    model: Any
    batches: Any
    steps: int


class Job(NamedTuple):
    """One recipe of a run, ready to train."""

    recipe: Recipe
    stages: Sequence[Stage]

    @property
    def student(self) -> keras.Model:
        """What the last stage leaves: the averaged student."""
        return self.stages[-1].model.ema_student


def job(recipe: Recipe, loaded: assembly.Data, seed: int) -> Job:
    """Builds all of a recipe; equal seeds give students of equal weights.

    Raises:
        ValueError: If a name or a setting of the recipe cannot be used.
    """
    keras.utils.set_random_seed(seed)
    stages: list[Stage] = []
    student = assembly.network(recipe, loaded)
    teacher = None
    if recipe.method in _WITH_TEACHER:
        teacher = assembly.network(recipe, loaded)
    if recipe.pretrain_steps:
        stages.append(_pretraining(recipe, loaded, seed, teacher))
        teacher = stages[-1].model.ema_student
    model = _method(recipe, teacher, student, seed)
    batches = assembly.batches(recipe, loaded, seed)
    for number in range(1, recipe.rounds + 1):
        if number > 1:
            model = _successor(model, assembly.network(recipe, loaded))
        optimizers = {n: getattr(recipe, n) for n in model.trained_networks}
        _compile(model, recipe, optimizers, recipe.train_steps)
        name = "train" if number == 1 else f"train {number}"
        stages.append(Stage(name, model, batches, recipe.train_steps))
    return Job(recipe, stages)


def _pretraining(
    recipe: Recipe, loaded: assembly.Data, seed: int, teacher: Any
) -> Stage:
    """The teacher learns from labels alone, on a schedule of its own."""
    if teacher is None:
        raise ValueError(
            "`pretrain_steps` must be 0 for a method without a teacher. "
            f"Received: pretrain_steps={recipe.pretrain_steps}, "
            f"method={recipe.method!r}"
        )
    options = {name: getattr(recipe, name) for name in _OPTIONS}
    model = trainers.Supervised(teacher, seed=seed, **options)
    steps, optimizers = recipe.pretrain_steps, {"student": recipe.teacher}
    _compile(model, recipe, optimizers, steps)
    batches = assembly.batches(recipe, loaded, seed, weak=recipe.pretrain_view)
    return Stage("pretrain", model, batches, steps)


def _method(recipe: Recipe, teacher: Any, student: Any, seed: int) -> Any:
    kind = _METHODS[recipe.method]
    own = _MPL_OPTIONS if recipe.method == "mpl" else kind.own_settings
    values = {"annealing_steps": recipe.train_steps}
    options = {
        name: values[name] if name in values else getattr(recipe, name)
        for name in (*_OPTIONS, *own)
    }
    networks = (student,) if teacher is None else (teacher, student)
    return kind(*networks, seed=seed, **options)


def _successor(model: Any, student: keras.Model) -> Any:
    if not isinstance(model, trainers.NoisyStudent):
        raise ValueError(
            "`rounds` must be 1 for every method but noisy_student. "
            f"Received: rounds above 1 for {type(model).__name__}"
        )
    return model.successor(student)


def _compile(
    model: Any, recipe: Recipe, optimizers: dict[str, Optimizer], steps: int
) -> None:
    built = {
        f"{name}_optimizer": assembly.sgd(settings, steps)
        for name, settings in optimizers.items()
    }
    per_call = math.gcd(recipe.eval_every_steps, _STEPS_PER_EXECUTION)
    model.compile(metrics=["accuracy"], steps_per_execution=per_call, **built)
