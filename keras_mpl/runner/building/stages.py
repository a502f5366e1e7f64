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
import tensorflow as tf

from keras_mpl import trainers
from keras_mpl.recipes import Optimizer
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import datasets
from keras_mpl.runner.building import finetuning
from keras_mpl.runner.building import stored_probs

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
    "feedback_centering",
    "feedback_weight",
    "objective",
    "consistency_weight",
    "consistency_ramp_steps",
    "temperature",
    "pseudo_label_temperature",
    "confidence_threshold",
    "cosine_floor",
    "microbatch_size",
)
_OPTIONS = ("label_smoothing", "ema_decay", "weight_decay", "clip_norm")
_STEPS_PER_EXECUTION = 50  # fewer calls from Python make small steps fast


class StageData(NamedTuple):
    """What a stage is trained and measured on."""

    data: assembly.Loaded
    batches: Any


class Stage(NamedTuple):
    """One `fit` of a recipe.

    Attributes:
        name: `pretrain`, `train`, `train 2` (of the second round), `finetune`.
        model: Compiled.
        make_data: From the run folder to what it is trained on; called when the
            stages before it are done.
        steps: For how long.
    """

    name: str
    model: Any
    make_data: Callable[[Path], StageData]
    steps: int


class Job(NamedTuple):
    """One recipe of a run, ready to train."""

    recipe: Recipe
    stages: list[Stage]

    @property
    def student(self) -> keras.Model:
        """What the last stage leaves: the averaged student."""
        student = self.stages[-1].model.ema_student
        if self.recipe.reduced and not self.recipe.finetune_steps:
            return trainers.without_probs(student)
        return student


def _check_microbatches(recipe: Recipe) -> None:
    """Checks a replica's share; the recipe itself checked the whole step."""
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    examples = recipe.batch_size * recipe.unlabeled_ratio // replicas
    if recipe.microbatch_size and examples % recipe.microbatch_size:
        raise ValueError(
            "`microbatch_size` must divide the unlabelled examples of a "
            f"replica. Received: microbatch_size={recipe.microbatch_size}, "
            f"{examples} examples on each of {replicas} replicas"
        )


def job(recipe: Recipe, loaded: assembly.Loaded, seed: int) -> Job:
    """Builds all of a recipe; equal seeds give students of equal weights.

    Raises:
        ValueError: If a name or a setting of the recipe cannot be used.
    """
    _check_microbatches(recipe)
    keras.utils.set_random_seed(seed)
    student, teacher = assembly.network(recipe, loaded), None
    if recipe.method in _WITH_TEACHER and recipe.stored_probs is None:
        teacher = assembly.network(
            recipe,
            loaded,
            recipe.teacher_model,
            dropout=recipe.teacher_dropout,
        )
    stages = []
    if recipe.pretrain_steps:
        stages.append(_pretraining(recipe, loaded, seed, teacher))
        teacher = stages[-1].model.ema_student
    if recipe.reduced:
        model, make_data = _reduced(recipe, loaded, seed, teacher, student)
    else:
        model = _method(recipe, teacher, student, seed)
        batches = assembly.batches(recipe, loaded, seed)
        make_data = _now(loaded, batches)
    stages += _rounds(recipe, loaded, model, make_data)
    if recipe.finetune_steps:
        stages.append(_finetuning(recipe, loaded, seed, stages[-1].model))
    return Job(recipe, stages)


def _now(loaded: assembly.Loaded, batches: Any) -> Callable[[Path], StageData]:
    return lambda folder: StageData(loaded, batches)


def _rounds(
    recipe: Recipe, loaded: assembly.Loaded, model: Any, make_data: Any
) -> list[Stage]:
    """The training itself; Noisy Student repeats it with new students."""
    stages = []
    for number in range(1, recipe.rounds + 1):
        if number > 1:
            model = _successor(model, assembly.network(recipe, loaded))
        optimizers = {n: getattr(recipe, n) for n in model.trained_networks}
        _compile(model, recipe, optimizers, recipe.train_steps)
        name = "train" if number == 1 else f"train {number}"
        stages.append(Stage(name, model, make_data, recipe.train_steps))
    return stages


def _pretraining(
    recipe: Recipe, loaded: assembly.Loaded, seed: int, teacher: Any
) -> Stage:
    """The teacher learns without the student, on a schedule of its own."""
    if teacher is None:
        raise ValueError(
            "`pretrain_steps` must be 0 for a method without a teacher. "
            f"Received: pretrain_steps={recipe.pretrain_steps}, "
            f"method={recipe.method!r}"
        )
    kind = _METHODS[recipe.pretrain_method]
    model = kind(teacher, seed=seed, **_options(recipe, kind.own_settings))
    steps, optimizers = recipe.pretrain_steps, {"student": recipe.teacher}
    _compile(model, recipe, optimizers, steps)
    batches = assembly.batches(recipe, loaded, seed, weak=recipe.pretrain_view)
    return Stage("pretrain", model, _now(loaded, batches), steps)


def _reduced(
    recipe: Recipe,
    loaded: assembly.Loaded,
    seed: int,
    teacher: Any,
    student: Any,
) -> tuple[Any, Callable[[Path], StageData]]:
    """Reduced MPL: a small MLP over stored probabilities is the teacher."""
    if recipe.method != "mpl":
        raise ValueError(
            "`reduced` must go with method='mpl'. "
            f"Received: method={recipe.method!r}"
        )
    loaded = datasets.in_memory(loaded)
    if loaded.test is not None and teacher is None:  # nobody stored its
        raise ValueError(
            "`stored_probs` must be none for data with a test set of their "
            f"own. Received: dataset={recipe.dataset!r}"
        )
    small = trainers.reduced_teacher(
        loaded.num_classes,
        student.input_shape[1:],
        input_dtype=student.inputs[0].dtype,
    )
    model = _method(recipe, small, trainers.beside_probs(student), seed)

    def make_data(folder: Path) -> StageData:
        probs = stored_probs.read_or_write(recipe, loaded, teacher, folder)
        together = {"inputs": loaded.images, "probs": probs}
        nested = loaded._replace(images=together)
        if loaded.test is not None:
            images, labels = loaded.test
            said = assembly.probs(teacher, loaded.part("test")[0])
            tested = {"inputs": images, "probs": said}, labels
            nested = nested._replace(test=tested)
        return StageData(nested, assembly.batches(recipe, nested, seed))

    return model, make_data


def _finetuning(
    recipe: Recipe, loaded: assembly.Loaded, seed: int, trained: Any
) -> Stage:
    is_last = recipe.finetune_from == "last"
    student = trained.student if is_last else trained.ema_student
    if recipe.reduced:
        student = trainers.without_probs(student)
    model = finetuning.compiled(
        student,
        recipe.finetune_lr,
        seed=seed,
        steps_per_execution=_steps_per_execution(recipe),
    )
    batches = finetuning.batches(
        loaded.training_sets()[0],
        finish=loaded.finish,
        batch_size=finetuning.BATCH_SIZE,
        view=assembly.view("weak", recipe.weak),
        seed=seed,
    )
    make_data = _now(loaded, batches)
    return Stage("finetune", model, make_data, recipe.finetune_steps)


def _options(recipe: Recipe, own: tuple[str, ...]) -> dict[str, Any]:
    values = {"annealing_steps": recipe.train_steps}
    return {
        name: values[name] if name in values else getattr(recipe, name)
        for name in (*_OPTIONS, *own)
    }


def _method(recipe: Recipe, teacher: Any, student: Any, seed: int) -> Any:
    kind = _METHODS[recipe.method]
    is_mpl = recipe.method == "mpl"
    options = _options(recipe, _MPL_OPTIONS if is_mpl else kind.own_settings)
    if is_mpl:
        options["labeled_weight"] = recipe.teacher_labeled_weight
        options["student_labeled_weight"] = recipe.labeled_weight
    networks = (student,) if teacher is None else (teacher, student)
    model = kind(*networks, seed=seed, **options)
    if is_mpl and recipe.feedback_schedule == "linear":
        model.feedback_weight = keras.optimizers.schedules.PolynomialDecay(
            2.0 * model.feedback_weight, recipe.train_steps, 0.0
        )
    return model


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
    model.compile(
        metrics=["accuracy"],
        steps_per_execution=_steps_per_execution(recipe),
        **built,
    )


def _steps_per_execution(recipe: Recipe) -> int:
    return math.gcd(recipe.eval_every_steps, _STEPS_PER_EXECUTION)
