"""CIFAR-10 with 4,000 labels, cut down to what two cores do in minutes.

Command: `python -m benchmarks.accuracy.run_table table2 --short`, a row per
method of the paper's Table 2 at one budget: 1,000 steps of 32 labelled and 128
unlabelled images, a WRN-10-1, then 100 steps of finetuning. The paper has 1
million steps of a network with 19 times the weights. What these rows come to
says how methods compare when training is short, and nothing of the paper's
figures.

Every row had three settings to choose from, on 1,000 validation images of one
seed that is not reported, at a third of the steps (the same command with
`--tune`). The rest is the same in all rows.
"""

from dataclasses import replace

from keras_mpl.recipes.base import Recipe
from keras_mpl.recipes.methods import MPL
from keras_mpl.recipes.methods import PAPERS
from keras_mpl.recipes.methods import UDA
from keras_mpl.recipes.methods import FixMatch
from keras_mpl.recipes.methods import PseudoLabel
from keras_mpl.recipes.methods import Supervised
from keras_mpl.recipes.parts import Data
from keras_mpl.recipes.parts import Model
from keras_mpl.recipes.parts import Optimizer
from keras_mpl.recipes.parts import Stages
from keras_mpl.recipes.parts import Views


def _expected(mean: str, deviation: str) -> str:
    return (
        f"{mean} % on test, finetuned, standard deviation {deviation}, "
        "over 3 seeds"
    )


_SGD = Optimizer(peak_lr=0.05, nesterov=True, warmup_steps=100)

cifar10_4k_short = Recipe(
    name="cifar10_4k_short",
    summary="CIFAR-10, 4,000 labels, 1,000 steps: Meta Pseudo Labels",
    source="Ours; the row Meta Pseudo Labels of Table 2, cut down",
    expected=_expected("39.9", "0.6"),
    batch_size=32,
    unlabeled_ratio=4,
    train_steps=1000,
    eval_every_steps=100,
    student=_SGD,
    teacher=_SGD,
    data=Data(
        dataset="cifar10",
        num_labeled=4000,
        num_validation=1000,
        num_test=10_000,
        unlabeled_examples="all",
    ),
    views=Views(weak="cifar_weak", strong="cifar_strong", strong_from="weak"),
    model=Model(network="wrn_10_1"),
    stages=Stages(finetune_steps=100, finetune_lr=1e-3),
    method=MPL(
        feedback="soft",
        feedback_centering=True,
        feedback_weight=0.1,
        consistency_ramp_steps=500,
        ema_decay=0.99,
        weight_decay=5e-4,
        **PAPERS | {"consistency_weight": 3.0},
    ),
)

cifar10_4k_short_exact = cifar10_4k_short.replace(
    name="cifar10_4k_short_exact",
    summary="The same with the feedback of Eq. 3 to the letter",
    expected=_expected("40.6", "0.9"),
    method=dict(
        feedback_scale="exact", feedback_centering=False, feedback_weight=1.0
    ),
)

cifar10_4k_short_hard_batch = cifar10_4k_short.replace(
    name="cifar10_4k_short_hard_batch",
    summary="The same with one scalar per batch, the paper's Eq. 12",
    expected=_expected("39.1", "0.4"),
    method=dict(
        feedback="hard_batch", feedback_centering=None, feedback_weight=0.01
    ),
)

# Every other kind and scale.
_exact_centered = cifar10_4k_short_exact.replace(
    name="cifar10_4k_short_exact_centered",
    summary="The same with the feedback of Eq. 3, centred over the batch",
    expected=_expected("40.4", "0.6"),
    method=dict(feedback_centering=True, feedback_weight=1.0),
)

_uncentered = cifar10_4k_short.replace(
    name="cifar10_4k_short_uncentered",
    summary="The same with feedback that is not centred over the batch",
    expected=_expected("39.5", "0.6"),
    method=dict(feedback_centering=False, feedback_weight=0.1),
)

_hard_batch_exact = cifar10_4k_short_hard_batch.replace(
    name="cifar10_4k_short_hard_batch_exact",
    summary="The same with one scalar per batch, and no cosine",
    expected=_expected("38.3", "1.2"),
    method=dict(feedback_scale="exact", feedback_weight=0.03),
)

_hard = cifar10_4k_short_exact.replace(
    name="cifar10_4k_short_hard",
    summary="The same with samples, and feedback for the class of each",
    expected=_expected("38.3", "1.6"),
    method=dict(feedback="hard"),
)

_hard_cosine = _uncentered.replace(
    name="cifar10_4k_short_hard_cosine",
    summary="The same with samples, feedback for the class of each, by cosine",
    expected=_expected("37.8", "1.7"),
    method=dict(feedback="hard", feedback_weight=0.1),
)

_hard_expected = cifar10_4k_short_exact.replace(
    name="cifar10_4k_short_hard_expected",
    summary="The same with samples, and feedback for every class",
    expected=_expected("39.0", "1.2"),
    method=dict(feedback="hard_expected", feedback_weight=0.3),
)

_hard_expected_cosine = _hard_cosine.replace(
    name="cifar10_4k_short_hard_expected_cosine",
    summary="The same with samples, feedback for every class, by cosine",
    expected=_expected("38.7", "1.3"),
    method=dict(feedback="hard_expected"),
)

_finite_difference = cifar10_4k_short_exact.replace(
    name="cifar10_4k_short_finite_difference",
    summary="The same with one scalar per batch, a difference of two losses",
    expected=_expected("39.3", "0.4"),
    method=dict(
        feedback="finite_difference",
        feedback_scale=None,
        feedback_centering=None,
        feedback_weight=0.1,
    ),
)

cifar10_4k_short_none = cifar10_4k_short.replace(
    name="cifar10_4k_short_none",
    summary="The same without feedback: UDA teacher, pseudo-label student",
    source="Ours: the ablation of cifar10_4k_short",
    expected=_expected("41.2", "0.9"),
    method=dict(feedback="none", feedback_centering=None),
)

# The student learns the given labels too, beside the teacher's: not the
# paper's, and what a short training gains most by (benchmarks/README.md).
_none_labels = cifar10_4k_short_none.replace(
    name="cifar10_4k_short_none_labels",
    summary="No feedback; the student has the given labels too",
    expected=_expected("53.4", "0.2"),
    method=dict(student_labeled_weight=1.0),
)

_labels = cifar10_4k_short.replace(
    name="cifar10_4k_short_labels",
    summary="Meta Pseudo Labels; the student has the given labels too",
    expected=_expected("52.2", "0.6"),
    method=dict(feedback_weight=0.3, student_labeled_weight=1.0),
)

_exact_labels = cifar10_4k_short_exact.replace(
    name="cifar10_4k_short_exact_labels",
    summary="The feedback of Eq. 3; the student has the given labels too",
    expected=_expected("53.4", "0.6"),
    method=dict(student_labeled_weight=1.0),
)

_uda = cifar10_4k_short.replace(
    name="cifar10_4k_short_uda",
    summary="Unsupervised Data Augmentation at the budget of these rows",
    source="Ours; the row UDA of Table 2, cut down",
    expected=_expected("54.0", "0.7"),
    teacher=None,
    method=UDA(
        threshold_on="raw",
        temperature=0.4,
        confidence_threshold=0.8,
        consistency_weight=1.0,
        ema_decay=0.99,
        weight_decay=5e-4,
    ),
)

_fixmatch = _uda.replace(
    name="cifar10_4k_short_fixmatch",
    summary="FixMatch at the budget of these rows",
    source="Ours; the row FixMatch of Table 2, cut down",
    expected=_expected("53.6", "0.5"),
    method=FixMatch(
        confidence_threshold=0.5, ema_decay=0.99, weight_decay=5e-4
    ),
)

_supervised = _uda.replace(
    name="cifar10_4k_short_supervised",
    summary="The 4,000 labels alone, flipped and shifted",
    source="Ours; the row Supervised of arXiv:2003.10580v1, Table 1, cut down",
    expected=_expected("54.8", "0.7"),
    method=Supervised(ema_decay=0.99, weight_decay=5e-4),
)

_randaugment = _supervised.replace(
    name="cifar10_4k_short_randaugment",
    summary="The 4,000 labels alone, by RandAugment",
    source="Ours; the row RandAugment of arXiv:2003.10580v1, Table 1, cut down",
    expected=_expected("45.7", "1.2"),
    student=replace(_SGD, peak_lr=0.1),
    views=dict(weak="cifar_strong"),
)

# Its teacher is what the supervised row comes to, at equal steps; beside the
# teacher's labels it learns the given ones, as Lee (2013) does.
_pseudo_label = _uda.replace(
    name="cifar10_4k_short_pseudo_label",
    summary="Pseudo labels of a teacher that learned from the 4,000 labels",
    source="Ours; the row Pseudo Labels of Table 2, cut down",
    expected=_expected("57.8", "0.5"),
    stages=dict(pretrain_steps=1000),
    method=PseudoLabel(
        pseudo_labels="soft",
        student_labeled_weight=1.0,
        confidence_threshold=0.0,
        ema_decay=0.99,
        weight_decay=5e-4,
    ),
)

CIFAR10_SHORT = (
    _supervised,
    _randaugment,
    _pseudo_label,
    _uda,
    _fixmatch,
    cifar10_4k_short_none,
    cifar10_4k_short,
    _uncentered,
    cifar10_4k_short_exact,
    _exact_centered,
    cifar10_4k_short_hard_batch,
    _hard_batch_exact,
    _hard,
    _hard_cosine,
    _hard_expected,
    _hard_expected_cosine,
    _finite_difference,
    _none_labels,
    _labels,
    _exact_labels,
)
