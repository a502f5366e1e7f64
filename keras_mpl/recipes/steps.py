"""Numbers of steps of a recipe, which must fit each other.

This module must not import TensorFlow.
"""

from keras_mpl.recipes.parts import Optimizer
from keras_mpl.recipes.parts import Stages


class StepsError(ValueError):
    """Numbers of steps, each of which could be, that do not fit each other."""


def check_intervals(
    train_steps: int, eval_every_steps: int, stages: Stages
) -> None:
    """Checks that every stage ends with an evaluation.

    Args:
        train_steps: Steps of the training.
        eval_every_steps: Steps between two evaluations.
        stages: The stages before and after the training.

    Raises:
        StepsError: If one does not.
    """
    for key, steps in (
        ("train_steps", train_steps),
        ("stages.pretrain_steps", stages.pretrain_steps),
        ("stages.finetune_steps", stages.finetune_steps),
    ):
        if steps % eval_every_steps:
            raise StepsError(
                f"`{key}` must be a multiple of `eval_every_steps`. "
                f"Received: {key}={steps}, eval_every_steps={eval_every_steps}"
            )


def check_warm_ups(
    train_steps: int,
    stages: Stages,
    student: Optimizer,
    teacher: Optimizer | None,
    *,
    is_joint: bool,
) -> None:
    """Checks that every learning rate has steps left to fall.

    Args:
        train_steps: Steps of the training.
        stages: The stages before and after it.
        student: The student's optimizer.
        teacher: The teacher's optimizer, if there is a teacher.
        is_joint: Whether the teacher learns while the student does.

    Raises:
        StepsError: If one has not; it names the keys.
    """
    used = [("train_steps", train_steps, "student", student)]
    if teacher and is_joint:
        used.append(("train_steps", train_steps, "teacher", teacher))
    if teacher and stages.pretrain_steps:
        key = "stages.pretrain_steps"
        used.append((key, stages.pretrain_steps, "teacher", teacher))
    received: dict[str, int] = {}
    for key, steps, name, optimizer in used:
        start = optimizer.warmup_for(steps) + optimizer.wait_steps
        if start >= steps:
            received |= {key: steps}
            received |= {
                f"{name}.{field}": value
                for field in ("warmup_steps", "wait_steps")
                if (value := getattr(optimizer, field))
            }
    if received:
        found = ", ".join(f"{key}={n}" for key, n in received.items())
        raise StepsError(
            f"`{next(iter(received))}` must be more than the steps of "
            f"warm-up and wait. Received: {found}"
        )
