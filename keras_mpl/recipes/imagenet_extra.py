"""ImageNet with images from elsewhere, without labels (Tables 1, 3 and 4).

Command: `keras-mpl run imagenet_jft_mpl --set data.dir=DIR --set
data.unlabeled='FILES-*'`. JFT-300M is Google's own: FILES are any TFRecord
files of images that you have; the paper's are chosen by a trained network, as
`keras-mpl select` does for data in memory. The paper took 2,048 TPU cores for
10 and 11 days (L2, B6-Wide). Not run by us, and much is not known.
"""

from keras_mpl.recipes import few_labels
from keras_mpl.recipes import imagenet
from keras_mpl.recipes.paper_tables import cell
from keras_mpl.recipes.sourced import CHOSEN
from keras_mpl.recipes.sourced import CODE
from keras_mpl.recipes.sourced import OTHERS
from keras_mpl.recipes.sourced import PAPER
from keras_mpl.recipes.sourced import Block
from keras_mpl.recipes.sourced import sourced

_SET = Block(
    f"{PAPER}: Sec. 4: ImageNet with labels, JFT without",
    {
        "data.dataset": "imagenet",
        "data.num_labeled": 0,
        "data.unlabeled_dataset": "records",
        "data.unlabeled_examples": "all",
    },
)
_EVERY = Block(f"{CHOSEN}: not known", {"eval_every_steps": 10_000})
_DATA = (
    *(imagenet.NETWORK, imagenet.TESTED, imagenet.VIEWS, imagenet.PRECISION),
    *(_SET, imagenet.HELD_OUT, _EVERY),
)
_AS_TEN_PERCENT = Block(
    f"{CODE}: the command for ImageNet-10%; of this run nothing is known",
    {
        "model.dropout": 0.1,
        "method.label_smoothing": 0.1,
        "method.weight_decay": 1e-4,
        "method.ema_decay": 0.999,
        "method.clip_norm": 5.0,
        "method.temperature": 0.5,
        "method.confidence_threshold": 0.6,
        "method.threshold_on": "sharpened",
        "method.consistency_weight": 20.0,
        "method.consistency_ramp_steps": 50_000,
    },
)


def _rates(batch_size: int) -> Block:
    return Block(
        f"{CODE}: the command for ImageNet-10%: rates 0.1 and 0.15 for a "
        f"batch of 256, hence for {batch_size:,}; of this run nothing is known",
        {
            "student.peak_lr": round(0.1 * batch_size / 256, 6),
            "student.warmup_steps": 5000,
            "teacher.peak_lr": round(0.15 * batch_size / 256, 6),
            "teacher.warmup_steps": 5000,
        },
    )


_BATCHES = Block(
    f"{PAPER}: Sec. 4.1: 4,096 labelled and 32,768 unlabelled, 500,000 steps",
    {"batch_size": 4096, "unlabeled_ratio": 8, "train_steps": 500_000},
)
_FEEDBACK = Block(
    f"{PAPER}: Eq. 12 and App. C.3; hard labels where networks are large",
    {
        "method": "mpl",
        "method.feedback": "hard_batch",
        "method.feedback_scale": "cosine",
    },
)
_TEACHER = Block(
    f"{OTHERS}: the predecessor's runs with many labels: a teacher trained on "
    "ImageNet first, no UDA; how long is chosen here",
    {"method.objective": "supervised", "stages.pretrain_steps": 50_000},
)
_RESNET = (*_DATA, few_labels.STUDENT, _AS_TEN_PERCENT, _rates(4096), _BATCHES)

_mpl = sourced(
    *(*_RESNET, _FEEDBACK, _TEACHER, few_labels.batch_mean(32_768)),
    Block(
        f"{PAPER}: Sec. 4.1; our batches are 512, theirs are not known",
        {"stages.finetune_steps": 10_000, "stages.finetune_lr": 1e-4},
    ),
    name="imagenet_jft_mpl",
    summary="ImageNet and JFT, ResNet-50: Meta Pseudo Labels",
    cells=[cell("table3", "Meta Pseudo Labels (JFT)")],
)
_uda = sourced(
    *_RESNET,
    Block(f"{PAPER}: the row", {"method": "uda"}),
    name="imagenet_jft_uda",
    summary="ImageNet and JFT, ResNet-50: Unsupervised Data Augmentation",
    cells=[cell("table3", "UDA (JFT)")],
)
_NOISY = Block(
    f"{OTHERS}: arXiv:1911.04252, Algorithm 1: three rounds of soft labels; "
    "ImageNet is learned first, and for how long is chosen here",
    {
        "method": "noisy_student",
        "method.pseudo_labels": "soft",
        "method.confidence_threshold": 0.0,
        "stages.rounds": 3,
        "stages.pretrain_steps": 50_000,
    },
)
_noisy = sourced(
    *(*_RESNET, _NOISY),
    name="imagenet_jft_noisy_student",
    summary="ImageNet and JFT, ResNet-50: Noisy Student",
    cells=[cell("table3", "NoisyStudent (JFT)")],
)

_LARGE = (
    Block(
        f"{PAPER}: Sec. 4.2: 512 x 512, 2,048 labelled and 16,384 unlabelled, "
        "1,000,000 steps",
        {
            "data.image_size": 512,
            "batch_size": 2048,
            "unlabeled_ratio": 8,
            "train_steps": 1_000_000,
        },
    ),
    _rates(2048),
    Block(
        f"{CODE}: the rate that it lists for this network and does not use; "
        "stochastic depth, which recipes do not have, is 0",
        {"model.dropout": 0.5},
    ),
    few_labels.batch_mean(16_384),
)
_FINETUNING = Block(
    f"{PAPER}: Sec. 4.2: 20,000 steps", {"stages.finetune_steps": 20_000}
)
_RATE = Block(
    f"{PAPER}: Sec. 4.1, of ResNet-50; of this network it is not known",
    {"stages.finetune_lr": 1e-4},
)
_l2 = _mpl.replace(
    Block(f"{PAPER}: Sec. 4.2", {"model.network": "efficientnet_l2"}),
    *(*_LARGE, _FINETUNING, _RATE),
    name="imagenet_jft_mpl_l2",
    summary="ImageNet and JFT, EfficientNet-L2: Meta Pseudo Labels",
    cells=[
        cell("table4", "Meta Pseudo Labels (EfficientNet-L2)"),
        cell("table1", "Ours"),
    ],
)
_b6_wide = _l2.replace(
    Block(
        f"{CODE}: width 5.0, depth 2.6: 317 M parameters, where the paper "
        "states 390 M; what gives these is not known",
        {"model.network": "efficientnet_b6_wide"},
    ),
    name="imagenet_jft_mpl_b6_wide",
    summary="ImageNet and JFT, EfficientNet-B6-Wide: Meta Pseudo Labels",
    cells=[cell("table4", "Meta Pseudo Labels (EfficientNet-B6-Wide)")],
)
_noisy_l2 = _noisy.replace(
    Block(
        f"{OTHERS}: arXiv:1911.04252; its rounds grow from B7 to L2, here all "
        "are L2",
        {"model.network": "efficientnet_l2"},
    ),
    *_LARGE[:-1],
    name="imagenet_jft_noisy_student_l2",
    summary="ImageNet and JFT, EfficientNet-L2: Noisy Student",
    cells=[cell("table4", "Noisy Student (EfficientNet-L2)")],
)

IMAGENET_EXTRA = (_mpl, _uda, _noisy, _l2, _b6_wide, _noisy_l2)
