"""ImageNet with 10 % of the labels, and with all of them (Tables 2 and 3).

Command: `keras-mpl run imagenet_10pct_mpl_paper --set data.dir=DIR`, with
`imagenet2012_subset/10pct` and `imagenet2012` as tensorflow-datasets prepares
them from the two files that everybody must fetch alone. Images are streamed.
Not yet run by us; written for many accelerators, see benchmarks/README.md.

`_released` has the settings of the released command; its feedback term has no
gradient, so that `feedback` is none there. Which 128,000 images have labels
is not known: here it is the subset of tensorflow-datasets. Validation images
are whole shards of the labelled set, taken out of it.
"""

from keras_mpl.recipes import few_labels
from keras_mpl.recipes.paper_tables import cell
from keras_mpl.recipes.sourced import CHOSEN
from keras_mpl.recipes.sourced import CODE
from keras_mpl.recipes.sourced import MEMORY
from keras_mpl.recipes.sourced import PAPER
from keras_mpl.recipes.sourced import RELEASED_COMMAND
from keras_mpl.recipes.sourced import Block
from keras_mpl.recipes.sourced import sourced

NETWORK = Block(f"{PAPER}: Sec. 3.3", {"model.network": "resnet_50"})
TESTED = Block(
    f"{PAPER}: Sec. 3.2: the ILSVRC-2012 validation set",
    {"data.num_test": 50_000},
)
VIEWS = Block(
    f"{CODE}: data_utils.py and augment.py",
    {
        "data.image_size": 224,
        "views.weak": "imagenet_weak",
        "views.strong": "imagenet_strong",
        "views.strong_from": "raw",
    },
)
PRECISION = Block(
    f"{CODE}: bfloat16 activations, float32 normalisation and logits",
    {"model.precision": "mixed_bfloat16"},
)
HELD_OUT = Block(
    f"{PAPER}: Sec. 4: 25,000 images held out", {"data.num_validation": 25_000}
)
_TEN_PERCENT = Block(
    f"{CHOSEN}: tensorflow-datasets' subset, all that is left of it; the "
    "paper's 128,000 are not known",
    {
        "data.dataset": "imagenet_10pct",
        "data.num_labeled": 0,
        "data.num_validation": 2560,
    },
)
_UNLABELED = Block(
    f"{PAPER}: Sec. 3.2: all of ImageNet without labels",
    {"data.unlabeled_dataset": "imagenet", "data.unlabeled_examples": "all"},
)
_EVERY = Block(RELEASED_COMMAND, {"eval_every_steps": 1000})
_DATA = (
    *(NETWORK, TESTED, VIEWS, PRECISION),
    *(_TEN_PERCENT, _UNLABELED, _EVERY),
)

_SUPERVISED = Block(
    f"{MEMORY}: App. C.4, Supervised and Pseudo Labels",
    {
        "batch_size": 2048,
        "train_steps": 40_000,
        "student.peak_lr": 1.28,
        "student.warmup_steps": 2000,
        "model.dropout": 0.2,
        "method.label_smoothing": 0.1,
        "method.weight_decay": 2e-4,
    },
)
_UDA = Block(
    f"{MEMORY}: App. C.4, UDA",
    {
        "batch_size": 2048,
        "train_steps": 500_000,
        "student.peak_lr": 1.28,
        "student.warmup_steps": 5000,
        "model.dropout": 0.25,
        "method.consistency_weight": 20.0,
        "method.temperature": 0.7,
        "method.label_smoothing": 0.1,
        "method.weight_decay": 2e-4,
    },
)
_RATIO = Block(
    f"{CHOSEN}: about the released command's 15,360 unlabelled images",
    {"unlabeled_ratio": 7},
)
_MPL = Block(
    f"{MEMORY}: App. C.4, MPL",
    {
        "batch_size": 2048,
        "unlabeled_ratio": 1,
        "train_steps": 500_000,
        "student.peak_lr": 0.8,
        "student.warmup_steps": 1000,
        "teacher.peak_lr": 0.5,
        "teacher.warmup_steps": 1000,
        "model.dropout": 0.1,
        "model.teacher_dropout": 0.1,
        "method.consistency_weight": 16.0,
        "method.temperature": 0.75,
        "method.label_smoothing": 0.1,
        "method.weight_decay": 2e-4,
    },
)
AVERAGE = Block(
    f"{CODE}: the command for ImageNet-10%; the paper's are not known",
    {
        "method.ema_decay": 0.999,
        "method.consistency_ramp_steps": 50_000,
        "method.clip_norm": 5.0,
    },
)
_FIXMATCH = Block(
    f"{MEMORY}: arXiv:2001.07685, ImageNet: 300 epochs of unlabelled images",
    {
        "batch_size": 1024,
        "unlabeled_ratio": 5,
        "train_steps": 75_000,
        "student.peak_lr": 0.03,
        "student.momentum": 0.9,
        "student.nesterov": True,
        "method.consistency_weight": 10.0,
        "method.confidence_threshold": 0.7,
        "method.ema_decay": 0.999,
        "method.weight_decay": 3e-4,
    },
)

_COMMAND = Block(
    RELEASED_COMMAND,
    {
        "batch_size": 1024,
        "unlabeled_ratio": 15,
        "train_steps": 700_000,
        "student.wait_steps": 20_000,
        "model.dropout": 0.1,
        "method.consistency_weight": 20.0,
        "method.consistency_ramp_steps": 50_000,
        "method.temperature": 0.5,
        "method.confidence_threshold": 0.6,
        "method.threshold_on": "sharpened",
        "method.label_smoothing": 0.1,
        "method.ema_decay": 0.999,
        "method.weight_decay": 1e-4,
        "method.clip_norm": 5.0,
    },
)
_FLAGS = Block(
    f"{CODE}: flag_utils.py; rates 0.1 and 0.15 for a batch of 256, so 0.4 "
    "and 0.6 for 1,024",
    {
        "student.peak_lr": 0.4,
        "student.warmup_steps": 5000,
        "teacher.peak_lr": 0.6,
        "teacher.warmup_steps": 5000,
    },
)
_released = sourced(
    *(*_DATA, few_labels.STUDENT, _COMMAND, _FLAGS),
    Block(
        f"{CODE}: the gradient of its feedback term is exactly zero "
        "(google-research#534)",
        {"method.feedback": "none"},
    ),
    name="imagenet_10pct_mpl_released",
    summary="ImageNet, 10 % of the labels: the released command's settings",
    cells=[cell("table2", "Meta Pseudo Labels", "ImageNet-10%")],
)

IMAGENET = (
    _released,
    *few_labels.rows(
        few_labels.Benchmark(
            prefix="imagenet_10pct",
            full_prefix="imagenet",
            title="ImageNet, 10 % of the labels",
            column="ImageNet-10%",
            data=_DATA,
            full=Block(
                f"{PAPER}: all labels but 25,000; other settings as with 10 %, "
                "which is our choice",
                {
                    "data.dataset": "imagenet",
                    "data.num_validation": 25_000,
                    "data.unlabeled_dataset": None,
                },
            ),
            supervised=(AVERAGE, _SUPERVISED),
            threshold=Block(
                f"{MEMORY}: App. C.4, Pseudo Labels",
                {"method.confidence_threshold": 0.7},
            ),
            uda=(AVERAGE, _UDA, _RATIO),
            fixmatch=(_FIXMATCH,),
            mean_teacher=(),
            mpl=(AVERAGE, _MPL, few_labels.batch_mean(2048)),
            finetuning=Block(
                f"{PAPER}: Sec. 3.2, at batches of 512",
                {"stages.finetune_steps": 2000, "stages.finetune_lr": 1e-5},
            ),
            strong="imagenet_strong",
        )
    ),
)
