"""Your own images: a folder per class, and a folder without labels.

Command: `keras-mpl run folder --set data.labeled=DIR --set data.unlabeled=DIR`.
DIR may also be a CSV file of `path,label`. JPEG, PNG, WebP, GIF, BMP, TIFF
and more, of any size, grey or in colour; they are resized to `data.image_size`.
15 % of each class are held out to validate on (or `data.num_validation`
images), and without `data.test` 15 % to test on (or `data.num_test`). Size,
network, batch and views follow the files unless they are set
(`keras_mpl.runner.choose`), and `--set weights=imagenet` begins with published
weights. The other settings are a starting point for a few hundred labels;
nothing here was tuned on your data. The student learns the given labels beside
the teacher's, which is not the paper's and what a short training gains most by
(`method.student_labeled_weight`; benchmarks/README.md has the measurement). The
teacher has UDA's consistency settings, so that feedback is compared with UDA
alike. Two baselines are trained beside it, at as many steps: whether unlabelled
images help, and whether feedback does, is a question to your images.
`--set baselines=` leaves them out. The student that is exported is the one that
is best on validation (`export=best`).
"""

from keras_mpl.recipes.base import Recipe
from keras_mpl.recipes.methods import MPL
from keras_mpl.recipes.methods import UDA
from keras_mpl.recipes.methods import Supervised
from keras_mpl.recipes.parts import Data
from keras_mpl.recipes.parts import Model
from keras_mpl.recipes.parts import Optimizer
from keras_mpl.recipes.parts import Views

# At 2,000 steps the warm-up takes 100 of them; it follows shorter trainings.
_SGD = Optimizer(peak_lr=0.05, momentum=0.9, nesterov=True, warmup_steps=None)

folder = Recipe(
    name="folder",
    summary="Your own images in folders: Meta Pseudo Labels",
    source="Ours; views of the released code for CIFAR.",
    expected="depends on your images",
    baselines=("folder_supervised", "folder_uda"),
    export="best",
    batch_size=32,
    unlabeled_ratio=7,
    train_steps=2000,
    eval_every_steps=200,
    student=_SGD,
    teacher=_SGD,
    data=Data(
        dataset="folder",
        image_size=32,
        num_labeled=0,
        num_validation=0,
        num_test=0,
        unlabeled_examples="all",
    ),
    views=Views(weak="cifar_weak", strong="cifar_strong", strong_from="weak"),
    model=Model(network="wrn_10_2"),
    method=MPL(
        feedback_schedule="linear",
        weight_decay=5e-4,
        ramp_statistics=True,
    ),
)

_uda = folder.replace(
    name="folder_uda",
    summary="The same by Unsupervised Data Augmentation: no teacher",
    baselines=(),
    teacher=None,
    method=UDA(weight_decay=5e-4, ramp_statistics=True),
)

_supervised = _uda.replace(
    name="folder_supervised",
    summary="The same network on your labelled images alone",
    method=Supervised(weight_decay=5e-4, ramp_statistics=True),
)

FOLDER = (folder, _supervised, _uda)
