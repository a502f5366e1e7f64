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


class Passes(NamedTuple):
    """Examples that one step passes through a network.

    Attributes:
        forward: Those that pass forward.
        backward: Those that pass backward, by inputs and by weights.
        credit: Those through which the student's gradient is differentiated
            by its targets; see `step_passes`.
    """

    forward: float = 0.0
    backward: float = 0.0
    credit: float = 0.0

    @property
    def worth(self) -> float:
        """The forward passes that all of them are worth."""
        return (
            FORWARD * self.forward
            + BACKWARD * self.backward
            + (CREDIT * self.credit)
        )


FORWARD = 1
BACKWARD = 2  # by inputs and by weights
LEARN = FORWARD + BACKWARD
CREDIT = 2  # the gradient differentiated by the targets: see `step_passes`


def step_work(recipe: Recipe) -> Work:
    """Counts one step of `train`, in forward passes of one example."""
    student, teacher = step_passes(recipe)
    return Work(student.worth, teacher.worth)


def step_passes(recipe: Recipe) -> tuple[Passes, Passes]:
    """Counts one step of `train`, for the student and the teacher.

    With B labelled and U unlabelled examples, in forward passes of one
    example; a backward pass is worth two, and every row of a joined batch has
    one:

        supervised              student 3 B
        uda, fixmatch           student 3 (B + 2 U)
        mean_teacher            student 3 (B + U) + U
        pseudo labels           student 3 (U + B), teacher U;
                                3 U without labels beside them
        mpl                     teacher 3 (B + 2 U); 3 (B + U) without
                                consistency; student 3 U, 3 (U + B) with
                                labels beside them, and for feedback
                                (see below); with `weak_view=apart` 2 U less,
                                and so have uda and fixmatch
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
        return Passes(labeled, labeled), Passes()
    if method in ("uda", "fixmatch"):
        seen = labeled + 2 * unlabeled
        return Passes(seen, seen - _apart(settings) * unlabeled), Passes()
    if method == "mean_teacher":
        seen = labeled + unlabeled
        return Passes(seen + unlabeled, seen), Passes()
    if method in ("pseudo_label", "noisy_student"):
        beside = beside or method == "noisy_student"
        seen = unlabeled + (labeled if beside else 0)
        return Passes(seen, seen), Passes(unlabeled)
    mpl = cast(methods.MPL, settings)
    views = 2 if mpl.objective in ("uda", "fixmatch") else 1
    asked = {
        "none": Passes(),
        "hard_batch": Passes(labeled, labeled),
        "finite_difference": Passes(2 * labeled),
    }.get(mpl.feedback, Passes(labeled, labeled, unlabeled))
    is_reduced = recipe.stages.use_reduced_teacher
    taught = 0 if is_reduced else labeled + views * unlabeled
    learned = max(taught - (views == 2) * _apart(settings) * unlabeled, 0)
    seen = unlabeled + (labeled if beside else 0)
    student = Passes(seen + asked.forward, seen + asked.backward, asked.credit)
    return student, Passes(taught, learned)


def _apart(settings: methods.Method) -> int:
    """How many views pass forward alone, by `weak_view`."""
    return int(getattr(settings, "weak_view", "joint") == "apart")


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
