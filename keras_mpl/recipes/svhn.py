"""SVHN with 1,000 labels (Table 2), and Reduced MPL on all of it (App. E).

Command: `keras-mpl run svhn_1k_mpl_paper --set data.dir=DIR`, with the data as
tensorflow-datasets prepares them (1.5 GiB; 2 GB in memory). Not yet run by us.
The released code has no SVHN, so there is no `_released`. Hyper-parameters
are the paper's App. C.4 from memory: nobody else copied that column.
"""

from keras_mpl.recipes import cifar10
from keras_mpl.recipes import few_labels
from keras_mpl.recipes.methods import PAPERS
from keras_mpl.recipes.paper_tables import cell
from keras_mpl.recipes.sourced import CHOSEN
from keras_mpl.recipes.sourced import MEMORY
from keras_mpl.recipes.sourced import OTHERS
from keras_mpl.recipes.sourced import PAPER
from keras_mpl.recipes.sourced import Block
from keras_mpl.recipes.sourced import sourced

_SET = Block(
    f"{PAPER}: Sec. 3.2; unlabelled are the training and the extra images",
    {
        "data.dataset": "svhn",
        "data.num_labeled": 1000,
        "data.num_test": 26_032,
        "data.unlabeled_examples": "all",
        "model.network": "wrn_28_2",
    },
)
_HELD_OUT = Block(
    f"{MEMORY}: arXiv:1804.09170, whose protocol the predecessor follows",
    {"data.num_validation": 7325},
)
_VIEWS = Block(
    f"{CHOSEN}: CIFAR's without mirrors, as digits have none; the paper's are "
    "not known",
    {
        "views.weak": "svhn_weak",
        "views.strong": "svhn_strong",
        "views.strong_from": "weak",
        "eval_every_steps": 1000,
    },
)
_DATA = (_SET, _HELD_OUT, _VIEWS)
_SUPERVISED = Block(
    f"{MEMORY}: App. C.4, Supervised and Pseudo Labels",
    {
        "batch_size": 128,
        "train_steps": 10_000,
        "student.peak_lr": 0.05,
        "student.warmup_steps": 0,
        "model.dropout": 0.5,
        "method.label_smoothing": 0.0,
        "method.weight_decay": 1e-3,
    },
)
_UDA = Block(
    f"{MEMORY}: App. C.4, UDA",
    {
        "batch_size": 128,
        "train_steps": 1_000_000,
        "student.peak_lr": 0.4,
        "student.warmup_steps": 5000,
        "model.dropout": 0.6,
        "method.consistency_weight": 1.0,
        "method.temperature": 0.8,
        "method.label_smoothing": 0.0,
        "method.weight_decay": 5e-4,
    },
)
_MPL = Block(
    f"{MEMORY}: App. C.4, MPL",
    {
        "batch_size": 128,
        "unlabeled_ratio": 1,
        "train_steps": 1_000_000,
        "student.peak_lr": 0.15,
        "student.warmup_steps": 2000,
        "teacher.peak_lr": 0.05,
        "teacher.warmup_steps": 2000,
        "model.dropout": 0.45,
        "model.teacher_dropout": 0.65,
        "method.consistency_weight": 2.5,
        "method.temperature": 1.25,
        "method.label_smoothing": 0.1,
        "method.weight_decay": 5e-4,
    },
)

# The paper stores what a large teacher says and learns a small one over it.
_reduced = sourced(
    *_DATA,
    Block(f"{MEMORY}: App. E: all labels", {"data.num_labeled": 0}),
    Block(
        f"{MEMORY}: App. E: an EfficientNet; which one is not known, B0 is "
        "chosen here",
        {
            "model.network": "efficientnet_b0",
            "model.teacher_network": "efficientnet_b0",
        },
    ),
    Block(
        f"{PAPER}: App. E: a teacher trained first, then a small one that "
        "hears feedback",
        {
            "method": "mpl",
            "stages.use_reduced_teacher": True,
            "method.objective": "supervised",
        },
    ),
    Block(
        f"{CHOSEN}: not known",
        {
            "stages.pretrain_method": "uda",
            **{f"method.{key}": value for key, value in PAPERS.items()},
            "stages.pretrain_steps": 100_000,
            "train_steps": 100_000,
            "batch_size": 128,
            "unlabeled_ratio": 7,
            "student.peak_lr": 0.05,
            "student.warmup_steps": 2000,
            "teacher.peak_lr": 0.05,
            "teacher.warmup_steps": 2000,
            "model.dropout": 0.2,
            "method.weight_decay": 5e-4,
            "method.label_smoothing": 0.1,
        },
    ),
    few_labels.STUDENT,
    name="svhn_reduced_mpl",
    summary="SVHN and its extra images: Reduced Meta Pseudo Labels",
    cells=[cell("reduced", "SVHN + extra")],
)

SVHN = (
    *few_labels.rows(
        few_labels.Benchmark(
            prefix="svhn_1k",
            full_prefix="svhn",
            title="SVHN, 1,000 labels",
            column="SVHN-1K",
            data=_DATA,
            full=Block(
                f"{PAPER}: all training images; other settings as with few, "
                "which is our choice",
                {"data.num_labeled": 0},
            ),
            supervised=(_SUPERVISED, cifar10.AVERAGE),
            threshold=Block(
                f"{MEMORY}: App. C.4, Pseudo Labels",
                {"method.confidence_threshold": 0.975},
            ),
            uda=(cifar10.AVERAGE, _UDA, cifar10.RATIO),
            fixmatch=(cifar10.FIXMATCH,),
            mean_teacher=(
                cifar10.FOLLOWED,
                Block(
                    f"{OTHERS}: as on CIFAR-10: 100 x labels / images; "
                    "optimizer, rate, batches and steps are those of UDA's "
                    "row, which is our choice",
                    {"method.consistency_weight": 100 * 1000 / 65_932},
                ),
            ),
            mpl=(_MPL, cifar10.AVERAGE, few_labels.batch_mean(128)),
            finetuning=cifar10.FINETUNING,
            strong="svhn_strong",
        )
    ),
    _reduced,
)
