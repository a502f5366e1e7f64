"""The rows that CIFAR-10-4K, SVHN-1K and ImageNet-10 % share.

Table 2, the ablation of arXiv:2003.10580v1 and the predecessor's table have
the same methods on three data sets: a data set's file gives the numbers, and
this one lays the rows together. A row without a figure is left out.
"""

from collections.abc import Iterator
from typing import NamedTuple

from keras_mpl.recipes.paper_tables import Cell
from keras_mpl.recipes.paper_tables import cell
from keras_mpl.recipes.sourced import CHOSEN
from keras_mpl.recipes.sourced import CODE
from keras_mpl.recipes.sourced import OTHERS
from keras_mpl.recipes.sourced import PAPER
from keras_mpl.recipes.sourced import Block
from keras_mpl.recipes.sourced import Sourced
from keras_mpl.recipes.sourced import sourced

_UNSEEN = Block(
    f"{CHOSEN}: the least; the method does not look at unlabelled images",
    {"unlabeled_ratio": 1},
)
STUDENT = Block(
    f"{PAPER}: Eq. 3: the student learns from pseudo labels alone, all alike",
    {
        "method.student_labeled_weight": 0.0,
        "method.pseudo_label_weighting": "equal",
        "method.student_statistics": "all",
        "method.labeled_floor": 0.0,
    },
)
_FIXED = Block(f"{PAPER}: Eq. 1", {"method": "pseudo_label"})
_BESIDE = Block(
    f"{CHOSEN}: Lee (2013) has labels beside the pseudo labels; their teacher "
    "learns as the row of supervised learning does",
    {
        "method.student_labeled_weight": 1.0,
        "method.pseudo_labels": "hard",
        "unlabeled_ratio": 1,
    },
)
_SMOOTHED = Block(
    f"{CHOSEN}: the amount of MPL's column in App. C.4",
    {"method.label_smoothing": 0.1},
)
_MOMENTUM = Block(
    f"{CODE}: training_utils.py",
    {
        "student.momentum": 0.9,
        "student.nesterov": True,
        "teacher.momentum": 0.9,
        "teacher.nesterov": True,
    },
)
_HARD = Block(
    f"{PAPER}: Eq. 12 and App. C.3: one scalar a batch, cosine, less a moving "
    "average",
    {
        "method": "mpl",
        "method.feedback": "hard_batch",
        "method.feedback_scale": "cosine",
    },
)
_NO_WAIT = Block(
    f"{CHOSEN}: App. C.4 names no wait",
    {"student.wait_steps": 0},
)
_UNKNOWN_UDA = Block(
    f"{CODE}: the command; the paper's values are not known",
    {"method.confidence_threshold": 0.6, "method.threshold_on": "sharpened"},
)
NOT_FINETUNED = Block(
    "paper: the figure before finetuning", {"stages.finetune_steps": 0}
)


class Benchmark(NamedTuple):
    """What is different from one data set to the next.

    Attributes:
        prefix: The beginning of the recipes' names.
        full_prefix: The beginning of the names where all labels are used.
        title: The name of the data set in summaries.
        column: The column of the tables.
        data: The settings of data, views and network.
        full: The setting that takes all labels.
        supervised: The settings of supervised learning.
        threshold: The confidence threshold of Pseudo Labels.
        uda: The settings of UDA.
        fixmatch: The settings of FixMatch.
        mean_teacher: The settings of Mean Teacher; empty if it has no row.
        mpl: The settings of Meta Pseudo Labels.
        finetuning: The settings of the last stage.
        strong: The name of the strong view.
    """

    prefix: str
    full_prefix: str
    title: str
    column: str
    data: tuple[Block, ...]
    full: Block
    supervised: tuple[Block, ...]
    threshold: Block
    uda: tuple[Block, ...]
    fixmatch: tuple[Block, ...]
    mean_teacher: tuple[Block, ...]
    mpl: tuple[Block, ...]
    finetuning: Block
    strong: str


def batch_mean(unlabeled: int) -> Block:
    """Returns the weight at which our sum over the batch is the paper's mean.

    Args:
        unlabeled: Unlabelled examples per step.
    """
    return Block(
        f"{PAPER}: Eq. 12 multiplies the mean of the batch's cross-entropies, "
        f"ours their sum, hence 1 / {unlabeled:,}",
        {"method.feedback_weight": 1 / unlabeled},
    )


def rows(bench: Benchmark) -> tuple[Sourced, ...]:
    """Returns the recipes of one data set."""
    made = (*_labels_alone(bench), *_others(bench), *_meta(bench))
    return tuple(one for one in made if one.cells)


def _cells(bench: Benchmark, *named: tuple[str, str]) -> list[Cell]:
    found = []
    for table, row in named:
        try:
            found.append(cell(table, row, bench.column))
        except KeyError:  # the paper has no such figure
            continue
    return found


def _strong_labels(bench: Benchmark) -> Block:
    return Block(
        f"{CODE}: --use_augment; of the image as it is, which is then not "
        "augmented twice",
        {"views.weak": bench.strong, "views.strong_from": "raw"},
    )


def _labels_alone(bench: Benchmark) -> Iterator[Sourced]:
    method = Block(f"{PAPER}: the row", {"method": "supervised"})
    shared = (*bench.data, _MOMENTUM, *bench.supervised, method, _UNSEEN)
    supervised = sourced(
        *shared,
        name=f"{bench.prefix}_supervised",
        summary=f"{bench.title}: the labels alone",
        cells=_cells(
            bench,
            ("ablation", "Supervised"),
            ("predecessor", "Purely supervised"),
        ),
    )
    yield supervised
    yield supervised.replace(
        _SMOOTHED,
        name=f"{bench.prefix}_label_smoothing",
        summary=f"{bench.title}: the labels alone, smoothed",
        cells=_cells(bench, ("ablation", "Label smoothing")),
    )
    yield supervised.replace(
        _strong_labels(bench),
        name=f"{bench.prefix}_randaugment",
        summary=f"{bench.title}: the labels alone, strongly augmented",
        cells=_cells(bench, ("ablation", "RandAugment")),
    )
    full = _cells(
        bench,
        ("table2", "Supervised, full dataset"),
        ("predecessor", "Supervised, full data"),
    )
    if bench.full_prefix == "imagenet":
        full.append(cell("table3", "Supervised"))
    yield supervised.replace(
        bench.full,
        name=f"{bench.full_prefix}_full_supervised",
        summary=f"{bench.title.partition(',')[0]}: supervised, all labels",
        cells=full,
    )
    teacher = {
        key.replace("student.", "teacher."): value
        for block in bench.supervised
        for key, value in block.values.items()
        if key.startswith("student.")
    }
    steps = supervised.recipe.train_steps
    yield supervised.replace(
        _FIXED,
        _BESIDE,
        bench.threshold,
        Block(
            f"{CHOSEN}: as the student",
            {**teacher, "stages.pretrain_steps": steps},
        ),
        name=f"{bench.prefix}_pseudo_label",
        summary=f"{bench.title}: pseudo labels of a fixed teacher",
        cells=_cells(bench, ("predecessor", "Pseudo Labels")),
    )


def _others(bench: Benchmark) -> Iterator[Sourced]:
    uda = Block(f"{PAPER}: the row", {"method": "uda"})
    yield sourced(
        *(*bench.data, _MOMENTUM, _UNKNOWN_UDA, *bench.uda, uda),
        name=f"{bench.prefix}_uda",
        summary=f"{bench.title}: Unsupervised Data Augmentation",
        cells=_cells(
            bench,
            ("table2", "UDA"),
            ("ablation", "UDA"),
            ("predecessor", "UDA"),
        ),
    )
    fixmatch = Block(f"{OTHERS}: arXiv:2001.07685", {"method": "fixmatch"})
    yield sourced(
        *(*bench.data, *bench.fixmatch, fixmatch),
        name=f"{bench.prefix}_fixmatch",
        summary=f"{bench.title}: FixMatch",
        cells=_cells(bench, ("table2", "FixMatch")),
    )
    if bench.mean_teacher:
        mean = Block(f"{OTHERS}: arXiv:1703.01780", {"method": "mean_teacher"})
        yield sourced(
            *(*bench.data, _MOMENTUM, *bench.uda, *bench.mean_teacher, mean),
            name=f"{bench.prefix}_mean_teacher",
            summary=f"{bench.title}: Mean Teacher",
            cells=_cells(bench, ("table2", "Mean Teacher")),
        )


def _meta(bench: Benchmark) -> Iterator[Sourced]:
    paper = sourced(
        *(*bench.data, _MOMENTUM, _HARD, STUDENT, _NO_WAIT, _UNKNOWN_UDA),
        *bench.mpl,
        bench.finetuning,
        name=f"{bench.prefix}_mpl_paper",
        summary=f"{bench.title}: Meta Pseudo Labels as the paper has them",
        cells=_cells(
            bench,
            ("table2", "Meta Pseudo Labels"),
            ("ablation", "UDA + MPL"),
            ("predecessor", "Coaching after finetuning"),
        ),
    )
    yield paper
    yield paper.replace(
        NOT_FINETUNED,
        name=f"{bench.prefix}_mpl_not_finetuned",
        summary=f"{bench.title}: Meta Pseudo Labels before finetuning",
        cells=_cells(bench, ("predecessor", "Coaching before finetuning")),
    )
    labels = Block(f"{PAPER}: the row", {"method.objective": "supervised"})
    yield paper.replace(
        labels,
        name=f"{bench.prefix}_supervised_mpl",
        summary=f"{bench.title}: MPL, teacher learns from the labels alone",
        cells=_cells(bench, ("ablation", "Supervised + MPL")),
    )
    strong = Block(f"{PAPER}: the row", {"method.objective": "randaugment"})
    yield paper.replace(
        strong,
        _strong_labels(bench),
        name=f"{bench.prefix}_randaugment_mpl",
        summary=f"{bench.title}: MPL, teacher learns from strong labels alone",
        cells=_cells(bench, ("ablation", "RandAugment + MPL")),
    )
