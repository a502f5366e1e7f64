"""The parts of a recipe: an optimizer, and where the data are.

Frozen, checked when made. Must not import TensorFlow.
"""

from dataclasses import dataclass
from typing import Literal

from keras_mpl.recipes.checked import Checked
from keras_mpl.recipes.checked import at_least
from keras_mpl.recipes.checked import later


@dataclass(frozen=True, kw_only=True)
class Optimizer(Checked):
    """SGD with a learning rate that waits, warms up, and falls as a cosine.

    Attributes:
        peak_lr: Learning rate at the end of the warm-up.
        momentum: Momentum, in `[0, 1)`.
        nesterov: Whether the momentum is Nesterov's.
        warmup_steps: Steps of the linear warm-up.
        wait_steps: Steps at learning rate 0, before the warm-up.
        schedule: `cosine`, or `constant`: no warm-up, no wait, no fall.
    """

    peak_lr: float = at_least(0, 0.05)
    momentum: float = at_least(0, 0.9)
    nesterov: bool = True
    warmup_steps: int = at_least(0, 0)
    wait_steps: int = at_least(0, 0)
    schedule: Literal["cosine", "constant"] = later("cosine")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.schedule == "constant" and self.warmup_steps + self.wait_steps:
            raise ValueError(
                "`warmup_steps` and `wait_steps` must be 0 with a constant "
                f"schedule. Received: warmup_steps={self.warmup_steps}, "
                f"wait_steps={self.wait_steps}"
            )


@dataclass(frozen=True, kw_only=True)
class Data(Checked):
    """Where the examples are, and how files are read.

    Attributes:
        dir: Folder of prepared data sets (tfds); its own if none is named.
        download: Whether to fetch a set that is not there.
        labeled: Of `dataset=folder`: a folder per class, or a CSV file of
            `path,label`.
        unlabeled: Folder or CSV file of images without labels; with
            `unlabeled_dataset=records` a pattern of TFRecord files.
        test: Folder or CSV file to test on; if none is named, `num_test`
            labelled images are held out.
        real_labels: The file `real.json` of ReaL labels (arXiv:2006.07159),
            to test on them too.
        image_size: Height and width that files are resized to, in pixels.
        channels: 1 or 3.
        max_corrupt: Fraction of the files that may be unreadable.
        allow_outside: Whether the paths of a CSV file may lead out of the
            folder that it lies in.
    """

    dir: str | None = None
    download: bool = False
    labeled: str | None = None
    unlabeled: str | None = None
    test: str | None = None
    real_labels: str | None = later(None)
    image_size: int = at_least(1, 32)
    channels: int = at_least(1, 3)
    max_corrupt: float = at_least(0, 0.05)
    allow_outside: bool = later(False)
