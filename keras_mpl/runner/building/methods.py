"""The settings of a method become the model that trains with it."""

from typing import Any

import keras

from keras_mpl import trainers
from keras_mpl.recipes import Recipe
from keras_mpl.recipes import methods
from keras_mpl.recipes.checked import fields_of

METHODS: dict[str, type[trainers.Method]] = {
    "supervised": trainers.Supervised,
    "pseudo_label": trainers.PseudoLabel,
    "uda": trainers.UDA,
    "fixmatch": trainers.FixMatch,
    "mean_teacher": trainers.MeanTeacher,
    "noisy_student": trainers.NoisyStudent,
    "mpl": trainers.MetaPseudoLabels,
}


def arguments(method: methods.Method, *, train_steps: int) -> dict[str, Any]:
    """Returns the arguments of a method's class, networks and seed excepted.

    Args:
        method: The settings.
        train_steps: Steps over which UDA's annealing goes.
    """
    found = method.to_dict()
    del found["name"]
    found.pop("feedback_schedule", None)
    if isinstance(method, methods.UDA):
        found["annealing_steps"] = train_steps
    return found


def build(
    recipe: Recipe,
    teacher: keras.Model | None,
    student: keras.Model,
    seed: int,
) -> trainers.Method:
    """Builds the model that trains a recipe, not yet compiled.

    Args:
        recipe: The recipe.
        teacher: The teacher; `None` for a method without one.
        student: The student.
        seed: The seed of all draws.

    Raises:
        ValueError: If the networks or settings do not fit together.
    """
    method = recipe.method
    networks = (student,) if teacher is None else (teacher, student)
    model: Any = METHODS[method.name](
        *networks,
        seed=seed,
        **arguments(method, train_steps=recipe.train_steps),
    )
    if getattr(method, "feedback_schedule", "constant") == "linear":
        model.feedback.weight = keras.optimizers.schedules.PolynomialDecay(
            2.0 * model.feedback.weight, recipe.train_steps, 0.0
        )
    return model


def build_pretraining(
    recipe: Recipe, teacher: keras.Model, seed: int
) -> trainers.Method:
    """Builds the model that trains a teacher before there is a student.

    Args:
        recipe: The recipe.
        teacher: The network to train.
        seed: The seed of all draws.

    Raises:
        ValueError: If the network or a setting cannot be used.
    """
    method = pretraining(recipe)
    return METHODS[method.name](
        teacher,
        seed=seed,
        **arguments(method, train_steps=recipe.train_steps),
    )


def pretraining(recipe: Recipe) -> methods.Method:
    """Returns the settings with which a recipe's teacher is pre-trained.

    They are those of the method: all that both have, if that is Meta Pseudo
    Labels; else what all methods share.
    """
    kind = methods.METHODS[recipe.stages.pretrain_method]
    own = recipe.method.to_dict()
    if not isinstance(recipe.method, methods.MPL):
        return kind(**{name: own[name] for name in methods.SHARED})
    return kind(**{name: own[name] for name in fields_of(kind) if name in own})
