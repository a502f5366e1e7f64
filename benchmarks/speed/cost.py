"""Counts the operations of every recipe of the paper's tables.

    python -m benchmarks.speed.cost   # counts the networks, into a record

A recipe's floating-point operations are counted: 2 per multiply-add of its
networks, times the forward passes that its steps are worth (`step_passes`).
`devices.py` turns them into hours, and `cost_check.py` compares the counts
with seconds that were measured.
"""

import functools

from absl import app

from benchmarks.common.records import append
from benchmarks.common.records import read
from keras_mpl import recipes
from keras_mpl.recipes.work import Work
from keras_mpl.recipes.work import step_work

NAME = "multiply_adds"


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
