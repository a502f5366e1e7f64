"""What the teacher of Meta Pseudo Labels learns beside the feedback.

The rows of the paper's ablation, each of which it shows with and without
feedback (v1, Table 1). Must not know how feedback works.
"""

from collections.abc import Callable
from typing import Literal
from typing import TypeAlias

from keras_mpl import losses
from keras_mpl.types import Tensor

# From the logits of the weak and of the strong view to per-example losses and
# their mask.
Consistency: TypeAlias = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]

# "randaugment" is "supervised" on labelled inputs that the data augment
# strongly: networks cannot tell, so it is up to the data.
Objective = Literal["supervised", "randaugment", "uda", "fixmatch"]


def check_alignment(objective: Objective, align_distribution: bool) -> None:
    """Checks that there are targets to align.

    Raises:
        ValueError: If the objective has none.
    """
    if align_distribution and objective not in ("uda", "fixmatch"):
        raise ValueError(
            "`align_distribution` must be False where the teacher learns from "
            "labels alone. Received: align_distribution=True, "
            f"objective={objective!r}"
        )


def consistency(
    objective: Objective,
    *,
    temperature: float,
    confidence_threshold: float,
    threshold_on: losses.Threshold = "sharpened",
) -> Consistency | None:
    """The loss on unlabelled examples of an objective.

    Args:
        objective: Its name.
        temperature: Of UDA's target.
        confidence_threshold: Lowest confidence that counts.
        threshold_on: Of which prediction that confidence is, for UDA.

    Returns:
        The loss; `None` where the teacher learns from labels alone.
    """

    def uda(weak: Tensor, strong: Tensor) -> tuple[Tensor, Tensor]:
        return losses.uda_loss(
            weak,
            strong,
            temperature=temperature,
            confidence_threshold=confidence_threshold,
            threshold_on=threshold_on,
        )

    def fixmatch(weak: Tensor, strong: Tensor) -> tuple[Tensor, Tensor]:
        target, mask = losses.hard_label(weak, confidence_threshold)
        return mask * losses.cross_entropy(target, strong), mask

    found: dict[str, Consistency] = {"uda": uda, "fixmatch": fixmatch}
    return found.get(objective)
