"""The cost model counts what a traced step computes, and predicts by it."""

import keras
import pytest
import tensorflow as tf

from benchmarks.speed import cost
from benchmarks.speed import devices
from keras_mpl import Batch
from keras_mpl import recipes
from keras_mpl.recipes.work import run_work
from keras_mpl.recipes.work import step_work
from keras_mpl.runner.building import methods
from tests import helpers

HIDDEN = 16
FIRST, LAST = helpers.FEATURES * HIDDEN, HIDDEN * helpers.CLASSES
LABELED, RATIO = 2, 3


def network():
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((helpers.FEATURES,)),
            layers.Dense(HIDDEN, activation="tanh"),
            layers.Dense(helpers.CLASSES),
        ]
    )


def products(model):
    """Multiply-adds of the matrix products that a traced step must compute."""
    spec = helpers.fake_batch(labeled=LABELED, unlabeled=LABELED * RATIO)
    step = tf.function(lambda *batch: model.train_step(Batch(*batch)))
    graph = step.get_concrete_function(*spec).graph
    todo = [t.op for t in graph.outputs] + list(graph.control_outputs)
    seen = set()
    while todo:
        op = todo.pop()
        if op not in seen:
            seen.add(op)
            todo += [t.op for t in op.inputs] + list(op.control_inputs)
    total = 0
    for op in seen:
        if op.type == "MatMul":
            rows, columns = op.inputs[0].shape
            inner = rows if op.get_attr("transpose_a") else columns
            total += inner * op.outputs[0].shape.num_elements()
    return total


METHODS = {
    "supervised": ["method=supervised"],
    "uda": ["method=uda"],
    "fixmatch": ["method=fixmatch"],
    "mean_teacher": ["method=mean_teacher"],
    "pseudo_label": ["method=pseudo_label"],
    "pseudo_label_beside": [
        "method=pseudo_label",
        "method.student_labeled_weight=1",
    ],
    "noisy_student": ["method=noisy_student"],
    "none": ["method.feedback=none"],
    "soft": ["method.feedback=soft"],
    "soft_beside": ["method.feedback=soft", "method.student_labeled_weight=1"],
    "soft_of_labels": ["method.feedback=soft", "method.objective=supervised"],
    "hard": ["method.feedback=hard"],
    "hard_batch": ["method.feedback=hard_batch"],
    "finite_difference": ["method.feedback=finite_difference"],
}


@pytest.mark.parametrize("name", METHODS)
def test_counted_work_is_that_of_the_traced_step(name):
    overrides = [
        f"batch_size={LABELED}",
        f"unlabeled_ratio={RATIO}",
        "method.feedback_centering=none",
        *METHODS[name],
    ]
    recipe = recipes.override(recipes.find("digits_20"), overrides)
    teacher = network() if recipe.method.has_teacher else None
    model = methods.build(recipe, teacher, network(), 0)
    model.compile(
        **{f"{key}_optimizer": "sgd" for key in model.trained_networks}
    )
    work = step_work(recipe)
    counted = (work.student + work.teacher) * (FIRST + LAST)
    # The data need no gradient: the first layer has one product less, in
    # every backward pass and in the credit. Of a deep network that is nothing.
    unlabeled = LABELED * RATIO
    passes = {
        "supervised": LABELED,
        "uda": LABELED + 2 * unlabeled,
        "fixmatch": LABELED + 2 * unlabeled,
        "mean_teacher": LABELED + unlabeled,
        "pseudo_label": unlabeled,
        "pseudo_label_beside": LABELED + unlabeled,
        "noisy_student": LABELED + unlabeled,
        "none": LABELED + 3 * unlabeled,
        "soft": 2 * LABELED + 4 * unlabeled,
        "soft_beside": 3 * LABELED + 4 * unlabeled,
        "soft_of_labels": 2 * LABELED + 3 * unlabeled,
        "hard": 2 * LABELED + 4 * unlabeled,
        "hard_batch": 2 * LABELED + 3 * unlabeled,
        "finite_difference": LABELED + 3 * unlabeled,
    }[name]
    assert products(model) == counted - passes * FIRST


def test_a_step_takes_its_operations_over_those_of_a_second():
    recipe = recipes.find("cifar10_4k_mpl_released")
    forward = 218_989_824  # counted by `keras-mpl models`
    passes = 3 * (128 + 2 * 896) + 3 * 896
    predicted = cost.seconds_per_step(recipe, 1e12)
    assert predicted == pytest.approx(2 * forward * passes / 1e12)
    device = devices.Device("one", 2e12, 1e12, 1.0)
    hours = devices.hours(recipe, device, 0.5)
    assert hours == pytest.approx(2 * predicted * 300_000 / 3600)


def test_stages_and_rounds_are_work_too():
    noisy = recipes.find("imagenet_jft_noisy_student")
    work = run_work(noisy)
    step = step_work(noisy)
    assert work.student == 3 * 500_000 * step.student
    pretrained = 50_000 * 3 * 4096
    assert work.teacher == 3 * 500_000 * step.teacher + pretrained
    paper = recipes.find("cifar10_4k_mpl_paper")
    finetuning = run_work(paper).student - 10**6 * step_work(paper).student
    assert finetuning == 1000 * 3 * 512


def test_every_network_of_a_recipe_is_counted():
    assert cost._needed().keys() <= cost.counted().keys()
