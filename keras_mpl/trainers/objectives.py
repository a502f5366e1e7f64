"""What the teacher of Meta Pseudo Labels learns beside the feedback.

The rows of the paper's ablation, each of which it shows with and without
feedback (v1, Table 1). Must not know how feedback works.
"""

from collections.abc import Callable
from typing import Any

from keras_mpl import losses
from keras_mpl.trainers import consistency

Tensor = Any
Consistency = Callable[[Any, Tensor, Tensor], tuple[Tensor, Tensor]]


def _uda(model: Any, weak: Tensor, strong: Tensor) -> tuple[Tensor, Tensor]:
    return consistency.uda(
        weak,
        strong,
        temperature=model.temperature,
        confidence_threshold=model.confidence_threshold,
    )


def _fixmatch(
    model: Any, weak: Tensor, strong: Tensor
) -> tuple[Tensor, Tensor]:
    target, mask = consistency.hard_label(weak, model.confidence_threshold)
    return mask * losses.cross_entropy(target, strong), mask


# Name to the loss on unlabelled examples: from the model and the logits of
# both views to per-example losses and their mask. `None` is labels alone.
# "randaugment" is "supervised" on labelled inputs that the data augment
# strongly: networks cannot tell, so it is up to the data.
OBJECTIVES: dict[str, Consistency | None] = {
    "supervised": None,
    "randaugment": None,
    "uda": _uda,
    "fixmatch": _fixmatch,
}
