"""The parts of a recipe: data, views, networks, optimizers and stages.

They are frozen, and checked when they are made. This module must not import
TensorFlow.
"""

from dataclasses import dataclass
from typing import Literal

from keras_mpl.recipes.checked import Checked
from keras_mpl.recipes.checked import added_later
from keras_mpl.recipes.checked import at_least
from keras_mpl.recipes.checked import between

_WARM_UP = 100  # steps, in a training that is not short


@dataclass(frozen=True, kw_only=True)
class Data(Checked):
    """The examples: which data set, how it is divided, where the files are.

    Attributes:
        dataset: Name of the data set.
        num_labeled: Labelled training examples, the same number per class;
            0 for all that are left.
        num_validation: Examples on which settings are chosen; 0 for 15 % of
            the labelled files, of `dataset=folder` alone.
        num_test: Examples on which the finished student is tested, once; 0 as
            above.
        unlabeled_examples: Which training examples come without their label:
            `all` of them, or the `rest`, which is not labelled.
        unlabeled_dataset: The data set whose training images come without a
            label: another streamed one, or `records`, TFRecord files; `None`
            for `dataset` itself.
        split_seed: Seed of the test and the validation set.
        is_balanced: Whether labelled examples are drawn class by class; if
            not, the first ones are taken.
        selection: File that `keras-mpl select` wrote, with the unlabelled
            examples to take.
        stored_probs: Folder of class probabilities that `keras-mpl precompute`
            wrote, in place of a pre-trained teacher.
        dir: Folder of prepared data sets (tfds); `None` for its own.
        download: Whether to fetch a data set that is not there.
        labeled: A folder with a folder per class, or a CSV file of
            `path,label`; for `dataset=folder`.
        unlabeled: A folder or CSV file of images without labels; with
            `unlabeled_dataset=records` a pattern of TFRecord files.
        test: A folder or CSV file to test on; `None` holds `num_test` of the
            labelled images out.
        validation: A folder or CSV file to validate on; `None` holds
            `num_validation` of the labelled images out.
        real_labels: The file `real.json` of ReaL labels (arXiv:2006.07159),
            to test on them too.
        image_size: Height and width that files are resized to, in pixels.
        channels: Colour channels of the images that files become.
        max_corrupt: Largest fraction of the files that may be unreadable.
        allow_outside: Whether the paths of a CSV file may lead out of the
            folder that it lies in.
    """

    dataset: str
    num_labeled: int = at_least(0)
    num_validation: int = at_least(0)
    num_test: int = at_least(0)
    unlabeled_examples: Literal["all", "rest"] = "all"
    unlabeled_dataset: str | None = None
    split_seed: int = at_least(0, 0)
    is_balanced: bool = True
    selection: str | None = None
    stored_probs: str | None = None
    dir: str | None = None
    download: bool = False
    labeled: str | None = None
    unlabeled: str | None = None
    test: str | None = None
    real_labels: str | None = None
    image_size: int = at_least(1, 32)
    channels: Literal[1, 3] = 3
    max_corrupt: float = between(0, 1, 0.05)
    allow_outside: bool = added_later(False)
    validation: str | None = added_later(None)


@dataclass(frozen=True, kw_only=True)
class Views(Checked):
    """The augmentations.

    Attributes:
        weak: Name of the weak one, of labelled and unlabelled examples.
        strong: Name of the strong one, of unlabelled examples.
        strong_from: Whether the strong view is made of the `raw` example or
            of its `weak` view.
    """

    weak: str
    strong: str
    strong_from: Literal["raw", "weak"] = "raw"


@dataclass(frozen=True, kw_only=True)
class Model(Checked):
    """The networks.

    Attributes:
        network: Name of the student's network, and of the teacher's.
        dropout: Rate in front of the last layer.
        teacher_network: Name of the teacher's network; `None` for `network`.
        teacher_dropout: Dropout rate of the teacher; `None` for `dropout`.
        precision: Keras dtype policy.
        weights: What the networks' backbones start from: `imagenet`, the path
            of a weights file or of a `.keras` file, or `preset`, of a network
            `hub:NAME` of keras-hub; `None` for random weights.
        backbone_rate: Learning rate of such a backbone as a fraction of the
            head's; 0 freezes it.
    """

    network: str
    dropout: float = between(0, 1, 0.0)
    teacher_network: str | None = None
    teacher_dropout: float | None = between(0, 1, None)
    precision: Literal[
        "float32", "float64", "mixed_bfloat16", "mixed_float16"
    ] = "float32"
    weights: str | None = added_later(None)
    backbone_rate: float = added_later(between(0, 1, 1.0))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights is None and self.backbone_rate < 1:
            raise ValueError(
                "`backbone_rate` must be 1 without `weights`: a random "
                "backbone has to learn. "
                f"Received: backbone_rate={self.backbone_rate}"
            )

    @property
    def names(self) -> tuple[str, str]:
        """Names of the student's and of the teacher's network."""
        return self.network, self.teacher_network or self.network


@dataclass(frozen=True, kw_only=True)
class Optimizer(Checked):
    """SGD with a learning rate that waits, warms up, and falls as a cosine.

    Attributes:
        peak_lr: Learning rate at the end of the warm-up.
        momentum: Momentum.
        nesterov: Whether the momentum is Nesterov's.
        warmup_steps: Steps of the linear warm-up; `None` for a tenth of the
            training, at most 100.
        wait_steps: Steps at learning rate 0, before the warm-up.
        schedule: `cosine`, or `constant`: no warm-up, no wait, no fall.
    """

    peak_lr: float = at_least(0, 0.05)
    momentum: float = between(0, 1, 0.9)
    nesterov: bool = True
    warmup_steps: int | None = at_least(0, 0)
    wait_steps: int = at_least(0, 0)
    schedule: Literal["cosine", "constant"] = "cosine"

    def warmup_for(self, train_steps: int) -> int:
        """Returns the steps of the warm-up in a training of this length.

        >>> Optimizer(warmup_steps=None).warmup_for(60)
        6
        """
        if self.schedule == "constant":
            return 0
        if self.warmup_steps is None:
            return min(_WARM_UP, train_steps // 10)
        return self.warmup_steps

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.schedule == "constant" and (
            self.warmup_steps or self.wait_steps
        ):
            raise ValueError(
                "`warmup_steps` and `wait_steps` must be 0 with a constant "
                f"schedule. Received: warmup_steps={self.warmup_steps}, "
                f"wait_steps={self.wait_steps}, schedule=constant"
            )


@dataclass(frozen=True, kw_only=True)
class Stages(Checked):
    """The stages before and after the training itself.

    Attributes:
        pretrain_steps: Steps in which the teacher learns first, with its own
            optimizer, before there is a student.
        pretrain_method: How the teacher learns there. By `uda` it has the
            method's consistency settings, or UDA's own where the method has
            none.
        pretrain_view: Name of the augmentation of labelled examples there;
            `None` for the weak view.
        rounds: How often Noisy Student trains a student; each one is the
            teacher of the next.
        use_reduced_teacher: Whether the teacher is a small MLP over stored
            class probabilities (Reduced MPL, App. E).
        finetune_steps: Steps in which the student learns from labels in the
            end, in batches of 512 or of all labels.
        finetune_lr: Learning rate there, the same at every step.
        finetune_from: Which student is finetuned: `ema`, the average, or
            `last`.
        finetune_batch_statistics: Whether BatchNorm normalises by each batch
            there, as when most recipes were measured, or by its moving
            statistics, which then stay.
    """

    pretrain_steps: int = at_least(0, 0)
    pretrain_method: Literal["supervised", "uda"] = "supervised"
    pretrain_view: str | None = None
    rounds: int = at_least(1, 1)
    use_reduced_teacher: bool = False
    finetune_steps: int = at_least(0, 0)
    finetune_lr: float = at_least(0, 1e-5)
    finetune_from: Literal["ema", "last"] = "ema"
    finetune_batch_statistics: bool = added_later(True)
