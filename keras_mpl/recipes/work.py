"""How much work a recipe is, counted in forward passes of one example.

Counts are what trainings of one machine are compared by before they are
measured. This module must not import TensorFlow.
"""

from typing import NamedTuple
from typing import cast

from keras_mpl.recipes import methods
from keras_mpl.recipes.base import Recipe


class Work(NamedTuple):
    """Examples times the forward passes that each is worth.

    Attributes:
        student: Passes of the student's network.
        teacher: Passes of the teacher's network.
    """

    student: float
    teacher: float = 0.0


FORWARD = 1
LEARN = 3  # forward, and backward by inputs and by weights: 1 + 2
CREDIT = 2  # the gradient differentiated by the targets: see `step_work`


def step_work(recipe: Recipe) -> Work:
    """Counts one step of `train`, in forward passes of one example.

    With B labelled and U unlabelled examples; a backward pass is worth two
    forward passes, and every row of a joined batch has one:

        supervised              student 3 B
        uda, fixmatch           student 3 (B + 2 U)
        mean_teacher            student 3 (B + U) + U
        pseudo labels           student 3 (U + B), teacher U;
                                3 U without labels beside them
        mpl                     teacher 3 (B + 2 U); 3 (B + U) without
                                consistency; student 3 U, 3 (U + B) with
                                labels beside them, and for feedback
            soft, hard*         3 B + 2 U
            hard_batch          3 B
            finite_difference   2 B

    The 2 U are the credit, the double backward pass: the student's gradient
    is linear in the targets, so that its derivative along the labelled
    gradient is a forward-mode pass, which has two products where a forward
    pass has one. What the step does not need of it TensorFlow prunes;
    its tests count the products of the traced graph.
    """
    labeled = recipe.batch_size
    unlabeled = labeled * recipe.unlabeled_ratio
    settings, method = recipe.method, recipe.method.name
    beside = getattr(settings, "student_labeled_weight", 0)
    if method == "supervised":
        return Work(LEARN * labeled)
    if method in ("uda", "fixmatch"):
        return Work(LEARN * (labeled + 2 * unlabeled))
    if method == "mean_teacher":
        seen = LEARN * (labeled + unlabeled)
        return Work(seen + FORWARD * unlabeled)
    if method in ("pseudo_label", "noisy_student"):
        beside = beside or method == "noisy_student"
        seen = unlabeled + (labeled if beside else 0)
        return Work(LEARN * seen, FORWARD * unlabeled)
    mpl = cast(methods.MPL, settings)
    views = 2 if mpl.objective in ("uda", "fixmatch") else 1
    of_feedback = {
        "none": 0,
        "hard_batch": LEARN * labeled,
        "finite_difference": 2 * FORWARD * labeled,
    }.get(mpl.feedback, LEARN * labeled + CREDIT * unlabeled)
    is_reduced = recipe.stages.use_reduced_teacher
    taught = 0 if is_reduced else LEARN * (labeled + views * unlabeled)
    seen = unlabeled + (labeled if beside else 0)
    return Work(LEARN * seen + of_feedback, taught)


def plan(recipe: Recipe) -> list[tuple[str, int]]:
    """Returns the stages of a recipe in order, each with its steps.

    >>> from keras_mpl import recipes
    >>> plan(recipes.find("digits_20"))
    [('train', 500)]
    """
    stages = recipe.stages
    rounds = [f"train {n + 1}" if n else "train" for n in range(stages.rounds)]
    found = [
        ("pretrain", stages.pretrain_steps),
        *((name, recipe.train_steps) for name in rounds),
        ("finetune", stages.finetune_steps),
    ]
    return [(name, steps) for name, steps in found if steps]


def stage_work(recipe: Recipe, stage: str) -> Work:
    """Counts one step of a stage, as `step_work` does.

    Args:
        recipe: The recipe.
        stage: A name of `plan`.
    """
    if stage == "finetune":
        return Work(LEARN * min(512, recipe.data.num_labeled or 512))
    if stage == "pretrain":
        first = LEARN * recipe.batch_size
        if recipe.stages.pretrain_method == "uda":
            first *= 1 + 2 * recipe.unlabeled_ratio
        return Work(0, first)
    return step_work(recipe)


def run_work(recipe: Recipe) -> Work:
    """Counts all stages of a run, in forward passes of one example.

    It leaves out validation, tests, views, and the one pass that stores
    probabilities.
    """
    counted = [(stage_work(recipe, name), n) for name, n in plan(recipe)]
    return Work(
        sum(work.student * steps for work, steps in counted),
        sum(work.teacher * steps for work, steps in counted),
    )
