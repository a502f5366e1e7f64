"""What a full run of every recipe of the paper's tables costs, predicted.

    python benchmarks/cost.py count     # counts the networks, into a record
    python benchmarks/cost.py --utilisation=0.4 --h200_dollars=2.5

A recipe's floating-point operations are counted: 2 per multiply-add of its
networks, times the forward passes that its steps are worth (`step_work`).
Time is that, divided by a device's peak and by the part of the peak that
training reaches, which is an ASSUMPTION, as are prices. `cost_check.py` holds
the counts to seconds measured here; `render.py` makes the tables.
"""

import functools
from typing import NamedTuple

from absl import app
from absl import flags
from records import append
from records import read

from keras_mpl import recipes

NAME = "multiply_adds"
ASSUMED_ON = "2026-11-23"
UTILISATION = 0.3
_UTILISATION = flags.DEFINE_float(
    "utilisation",
    UTILISATION,
    "Assumed part of a device's peak that training reaches.",
    lower_bound=0.001,
    upper_bound=1.0,
)


class Device(NamedTuple):
    """Something to rent.

    Attributes:
        title: What people call it.
        bfloat16: Peak of all chips, dense, in FLOP/s, as its maker states it.
        float32: Likewise, as TensorFlow computes convolutions by default:
            in TF32 on these GPUs, in bfloat16 on a TPU.
        dollars: Assumed price of an hour.
    """

    title: str
    bfloat16: float
    float32: float
    dollars: float


DEVICES = {
    "h200": Device("one H200", 989e12, 494e12, 4.0),
    "a100": Device("8 x A100", 8 * 312e12, 8 * 156e12, 24.0),
    "tpu": Device("TPU v4-8", 4 * 275e12, 4 * 275e12, 13.0),
}
_DOLLARS = {
    key: flags.DEFINE_float(
        f"{key}_dollars",
        device.dollars,
        f"Assumed price of an hour of {device.title}.",
        lower_bound=0.0,
    )
    for key, device in DEVICES.items()
}


class Work(NamedTuple):
    """Examples times forward passes that they are worth.

    Attributes:
        student: Of the student's network.
        teacher: Of the teacher's.
    """

    student: float
    teacher: float = 0.0


FORWARD = 1
LEARN = 3  # forward, and backward by inputs and by weights: 1 + 2
CREDIT = 2  # the gradient differentiated by the targets: see `step_work`


def step_work(recipe):
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
    `tests/test_cost.py` counts the products of the traced graph.
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
    views = 2 if settings.objective in ("uda", "fixmatch") else 1
    of_feedback = {
        "none": 0,
        "hard_batch": LEARN * labeled,
        "finite_difference": 2 * FORWARD * labeled,
    }.get(settings.feedback, LEARN * labeled + CREDIT * unlabeled)
    is_reduced = recipe.stages.use_reduced_teacher
    taught = 0 if is_reduced else LEARN * (labeled + views * unlabeled)
    seen = unlabeled + (labeled if beside else 0)
    return Work(LEARN * seen + of_feedback, taught)


def run_work(recipe):
    """Counts all stages of a run, in forward passes of one example.

    Left out: validation, tests, views, and storing probabilities once.
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


def input_size(recipe):
    """Height and width of the images of a recipe."""
    sizes = {"digits": 8, "cifar10": 32, "svhn": 32}
    return sizes.get(recipe.data.dataset, recipe.data.image_size)


def _needed():
    """Names, image sizes, channels and classes of the networks to count."""
    made = [sourced.recipe for sourced in recipes.PAPER.values()]
    found = {("wrn_10_2", 32): (3, 10)}  # of reduced_memory.py
    checked = map(recipes.find, ("digits_20", "cifar10_4k_short"))
    for recipe in (*made, *checked):
        channels = 1 if recipe.data.dataset == "digits" else 3
        classes = 1000 if recipe.data.dataset.startswith("imagenet") else 10
        for model in recipe.model.names:
            found[model, input_size(recipe)] = channels, classes
    return found


def count():
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


def counted():
    """Returns multiply-adds of one example by (model, image size)."""
    return {
        (row["model"], row["image_size"]): row["multiply_adds"]
        for row in read(NAME)
    }


def flops(recipe, work):
    """Returns the floating-point operations of some work of a recipe."""
    known, size = counted(), input_size(recipe)
    student, teacher = (known[name, size] for name in recipe.model.names)
    return 2 * (work.student * student + work.teacher * teacher)


def seconds_per_step(recipe, flops_per_second):
    """Predicts a step's time from the FLOP/s that training has reached.

    Args:
        recipe: Any whose networks are counted.
        flops_per_second: As measured on this machine, or peak x utilisation.
    """
    return flops(recipe, step_work(recipe)) / flops_per_second


def hours(recipe, device, utilisation):
    """Predicts the hours of a whole run."""
    peak = getattr(
        device, "float32" if recipe.model.precision == "float32" else "bfloat16"
    )
    return flops(recipe, run_work(recipe)) / (peak * utilisation) / 3600


def table(utilisation=UTILISATION, dollars=None):
    """Returns the table of predictions, as Markdown."""
    dollars = dollars or {key: d.dollars for key, d in DEVICES.items()}
    titles = " | ".join(f"{d.title}: hours, $" for d in DEVICES.values())
    lines = [
        f"| predicted, full run | EFLOP | forward passes a step | {titles} |",
        "|---|---:|---:|" + "---:|" * len(DEVICES),
    ]
    for name, sourced in recipes.PAPER.items():
        recipe = sourced.recipe
        cells = [
            _cost(hours(recipe, device, utilisation), dollars[key])
            for key, device in DEVICES.items()
        ]
        step = step_work(recipe)
        total = flops(recipe, run_work(recipe)) / 1e18
        lines.append(
            f"| `{name}` | {total:,.1f} "
            f"| {step.student + step.teacher:,.0f} | {' | '.join(cells)} |"
        )
    rates = ", ".join(
        f"{d.title} ${dollars[key]:g}" for key, d in DEVICES.items()
    )
    lines += [
        "",
        "Counted: multiply-adds of convolutions and dense layers, 2 FLOP "
        "each, times forward passes of one example a step (a backward pass "
        "is two); finetuning and pre-training are in the hours. **Assumed**: "
        f"{utilisation:.0%} of the peak that the maker states (bfloat16 where "
        "the recipe has it, else float32 as TensorFlow computes it), that the "
        "batch fits into memory and that the input keeps up; prices of an "
        f"hour, as of {ASSUMED_ON}: {rates}. Not measured on any of these; "
        "`python benchmarks/cost.py --help` has the flags.",
    ]
    return "\n".join(lines)


def _cost(time, dollars):
    return f"{time:,.1f}, {time * dollars:,.0f}"


def main(argv):
    """Prints the table, or counts."""
    if argv[1:] == ["count"]:
        count()
        return
    chosen = {key: flag.value for key, flag in _DOLLARS.items()}
    print(table(_UTILISATION.value, chosen))


if __name__ == "__main__":
    app.run(main)
