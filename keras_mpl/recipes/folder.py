"""Your own images: a folder per class, and a folder without labels.

Command: `keras-mpl run folder --set data.labeled=DIR --set data.unlabeled=DIR`.
DIR may also be a CSV file of `path,label`. JPEG, PNG, WebP, GIF and BMP, of
any size, grey or in colour; they are resized to `data.image_size`. Without
`data.test`, `num_test` labelled images are held out. The settings are a
starting point for a few hundred labels and small images; nothing here was
tuned on your data.
"""

from keras_mpl.recipes.base import Data
from keras_mpl.recipes.base import Optimizer
from keras_mpl.recipes.base import Recipe

_SGD = Optimizer(peak_lr=0.05, momentum=0.9, nesterov=True, warmup_steps=100)

folder = Recipe(
    name="folder",
    summary="Your own images in folders: Meta Pseudo Labels",
    source="Ours; views of the released code for CIFAR.",
    expected="depends on your images",
    dataset="folder",
    data=Data(image_size=32),
    num_labeled=0,
    num_validation=100,
    num_test=100,
    unlabeled="all",
    weak="cifar_weak",
    strong="cifar_strong",
    strong_from="weak",
    model="wrn_10_2",
    batch_size=32,
    unlabeled_ratio=7,
    train_steps=2000,
    eval_every_steps=200,
    student=_SGD,
    teacher=_SGD,
    weight_decay=5e-4,
)
