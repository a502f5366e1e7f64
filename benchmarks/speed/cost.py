"""Counts the operations of every recipe of the paper's tables.

    python -m benchmarks.speed.cost   # counts the networks, into a record

A recipe's floating-point operations are counted: 2 per multiply-add of its
networks, times the forward passes that its steps are worth (`step_passes`).
`devices.py` turns them into hours, and `cost_check.py` compares the counts
with seconds that were measured.
"""

import functools
from typing import NamedTuple
from typing import cast

from absl import app

from benchmarks.common.records import append
from benchmarks.common.records import read
from keras_mpl import recipes
from keras_mpl.recipes import methods

NAME = "multiply_adds"


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


def step_work(recipe: recipes.Recipe) -> Work:
    """Counts one step of `train`, in forward passes of one example."""
    student, teacher = step_passes(recipe)
    return Work(student.worth, teacher.worth)


def step_passes(recipe: recipes.Recipe) -> tuple[Passes, Passes]:
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


def run_work(recipe: recipes.Recipe) -> Work:
    """Counts all stages of a run, in forward passes of one example.

    It leaves out validation, tests, views, and the one pass that stores
    probabilities.
    """
    step = step_work(recipe)
    steps = recipe.train_steps * recipe.stages.rounds
    first = LEARN * recipe.batch_size
    if recipe.stages.pretrain_method == "uda":
        first *= 1 + 2 * recipe.unlabeled_ratio
    last = LEARN * min(512, recipe.data.num_labeled or 512)
    return Work(
        step.student * steps + last * recipe.stages.finetune_steps,
        step.teacher * steps + first * recipe.stages.pretrain_steps,
    )


def input_size(recipe: recipes.Recipe) -> int:
    """Height and width of the images of a recipe."""
    sizes = {"digits": 8, "cifar10": 32, "svhn": 32}
    return sizes.get(recipe.data.dataset, recipe.data.image_size)


def _needed() -> dict[tuple[str, int], tuple[int, int]]:
    """Channels and classes by the name and image size of each network."""
    made = [sourced.recipe for sourced in recipes.PAPER.values()]
    found = {("wrn_10_2", 32): (3, 10)}  # of reduced_memory.py
    checked = map(recipes.find, ("digits_20", "cifar10_4k_short"))
    for recipe in (*made, *checked):
        channels = 1 if recipe.data.dataset == "digits" else 3
        classes = 1000 if recipe.data.dataset.startswith("imagenet") else 10
        for model in recipe.model.names:
            found[model, input_size(recipe)] = channels, classes
    return found


def count() -> None:
    """Counts the networks that have no record yet, and records them."""
    from keras_mpl import models  # and TensorFlow

    done = set(counted())
    for (model, size), (channels, classes) in _needed().items():
        if (model, size) in done:
            continue
        build = functools.partial(
            models.MODELS[model],
            num_classes=classes,
            input_shape=(size, size, channels),
        )
        found = models.size(build)
        row = {
            "model": model,
            "image_size": size,
            "channels": channels,
            "num_classes": classes,
            "parameters": found.parameters,
            "multiply_adds": found.multiply_adds,
        }
        append(NAME, [row])
        print(row, flush=True)


def counted() -> dict[tuple[str, int], int]:
    """Returns multiply-adds of one example by (model, image size)."""
    return {
        (row["model"], row["image_size"]): row["multiply_adds"]
        for row in read(NAME)
    }


def flops(recipe: recipes.Recipe, work: Work) -> float:
    """Returns the floating-point operations of some work of a recipe."""
    known, size = counted(), input_size(recipe)
    student, teacher = (known[name, size] for name in recipe.model.names)
    return 2 * (work.student * student + work.teacher * teacher)


def seconds_per_step(recipe: recipes.Recipe, flops_per_second: float) -> float:
    """Predicts the time of a step.

    Args:
        recipe: A recipe whose networks are counted.
        flops_per_second: What training reaches: measured on this machine, or
            the peak times the utilisation.
    """
    return flops(recipe, step_work(recipe)) / flops_per_second


def main(argv: list[str]) -> None:
    """Counts what has no record yet."""
    del argv
    count()


if __name__ == "__main__":
    app.run(main)
