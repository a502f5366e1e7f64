"""The settings of each method: one small class per method.

A class has the arguments of the method's class in `keras_mpl.trainers`, with
the same names and defaults, and nothing else. (There are two exceptions:
`MPL.feedback_schedule`, where `feedback_weight` may be a schedule, and the
default of `ramp_statistics`.) This module must not
import TensorFlow.
"""

from dataclasses import dataclass
from typing import Any
from typing import ClassVar
from typing import Literal
from typing import TypeAlias

from keras_mpl.recipes.checked import Checked
from keras_mpl.recipes.checked import above
from keras_mpl.recipes.checked import added_later
from keras_mpl.recipes.checked import at_least
from keras_mpl.recipes.checked import between
from keras_mpl.recipes.checked import fields_of


@dataclass(frozen=True, kw_only=True)
class Shared(Checked):
    """The settings that all methods share.

    Attributes:
        label_smoothing: Fraction of the uniform distribution in the targets.
        ema_decay: Decay per step of the student's average; 0 for no average.
        weight_decay: Coefficient of the squared weights.
        clip_norm: Largest norm of a gradient; `None` for no clipping.
        ramp_statistics: Whether BatchNorm's moving statistics follow faster at
            first. The classes' default is True; recipes of before have False,
            so that their records stay theirs.
        class_weights: What a labelled example counts by its class: `balanced`,
            or a number per class, in the order of the classes; `None` if all
            count alike.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    has_teacher: ClassVar[bool] = False

    label_smoothing: float = between(0, 1, 0.0)
    ema_decay: float = between(0, 1, 0.995)
    weight_decay: float = at_least(0, 0.0)
    clip_norm: float | None = above(0, None)
    ramp_statistics: bool = added_later(False)
    class_weights: Literal["balanced"] | tuple[float, ...] | None = added_later(
        None
    )

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values: the name, own settings, shared settings."""
        values = super().to_dict()
        shared = {key: values.pop(key) for key in fields_of(Shared)}
        return {"name": self.name, **values, **shared}


@dataclass(frozen=True, kw_only=True)
class Supervised(Shared):
    """Learning from the labels alone."""

    name: ClassVar[str] = "supervised"
    title: ClassVar[str] = "Supervised learning"


@dataclass(frozen=True, kw_only=True)
class PseudoLabel(Shared):
    """Pseudo labels of a teacher that was trained before and stays as it is.

    Attributes:
        pseudo_labels: The teacher's most probable class, or its distribution.
        confidence_threshold: Lowest confidence of a pseudo label that counts.
        student_labeled_weight: Factor of the student's labelled loss.
    """

    name: ClassVar[str] = "pseudo_label"
    title: ClassVar[str] = "Pseudo Labels"
    has_teacher: ClassVar[bool] = True

    pseudo_labels: Literal["hard", "soft"] = "hard"
    confidence_threshold: float = between(0, 1, 0.0)
    student_labeled_weight: float = at_least(0, 0.0)


@dataclass(frozen=True, kw_only=True)
class UDA(Shared):
    """Unsupervised Data Augmentation: the student's own consistency.

    Attributes:
        consistency_weight: Factor of the consistency loss.
        consistency_ramp_steps: Steps until that factor is reached.
        temperature: Temperature of the sharpened target.
        confidence_threshold: Lowest confidence that counts.
        threshold_on: Whether that confidence is of the raw prediction or of
            the sharpened target.
        annealing: Training signal annealing, over all training steps.
        weak_view: Whether the weak view passes together with the others.
        align_distribution: Whether targets are aligned to the shares of the
            classes among the labels.
    """

    name: ClassVar[str] = "uda"
    title: ClassVar[str] = "Unsupervised Data Augmentation"

    consistency_weight: float = at_least(0, 1.0)
    consistency_ramp_steps: int = at_least(0, 0)
    temperature: float = above(0, 0.4)
    confidence_threshold: float = between(0, 1, 0.8)
    threshold_on: Literal["raw", "sharpened"] = "raw"
    annealing: Literal["none", "linear", "log", "exp"] = "none"
    weak_view: Literal["joint", "apart"] = added_later("joint")
    align_distribution: bool = added_later(False)


@dataclass(frozen=True, kw_only=True)
class FixMatch(Shared):
    """FixMatch: confident hard labels of the weak view.

    Attributes:
        consistency_weight: Factor of the loss on unlabelled examples.
        confidence_threshold: Lowest confidence that counts.
        weak_view: Whether the weak view passes together with the others.
        align_distribution: As of UDA.
    """

    name: ClassVar[str] = "fixmatch"
    title: ClassVar[str] = "FixMatch"

    consistency_weight: float = at_least(0, 1.0)
    confidence_threshold: float = between(0, 1, 0.95)
    weak_view: Literal["joint", "apart"] = added_later("joint")
    align_distribution: bool = added_later(False)
    ema_decay: float = between(0, 1, 0.999)


@dataclass(frozen=True, kw_only=True)
class MeanTeacher(Shared):
    """Mean Teacher: the student follows its own average.

    Attributes:
        consistency_weight: Factor of the consistency loss.
        consistency_ramp_steps: Steps until that factor is reached.
    """

    name: ClassVar[str] = "mean_teacher"
    title: ClassVar[str] = "Mean Teacher"

    consistency_weight: float = at_least(0, 100.0)
    consistency_ramp_steps: int = at_least(0, 40_000)
    ema_decay: float = above(0, 0.999)  # the average is the teacher


@dataclass(frozen=True, kw_only=True)
class NoisyStudent(Shared):
    """Noisy Student: labels, and a teacher that the student replaces.

    Attributes:
        pseudo_labels: The teacher's distribution, or its most probable class.
        confidence_threshold: Lowest confidence of a pseudo label that counts.
    """

    name: ClassVar[str] = "noisy_student"
    title: ClassVar[str] = "Noisy Student"
    has_teacher: ClassVar[bool] = True

    pseudo_labels: Literal["soft", "hard"] = "soft"
    confidence_threshold: float = between(0, 1, 0.0)


@dataclass(frozen=True, kw_only=True)
class MPL(Shared):
    """Meta Pseudo Labels: the teacher learns from the student's progress.

    Attributes:
        feedback: How the student's progress reaches the teacher.
        feedback_scale: The unit of the feedback; `None` for the kind's own.
        feedback_centering: Whether each class' mean is subtracted; `None` for
            the scale's own.
        feedback_weight: Weight of the feedback in the teacher's loss; `None`
            for the one of `MetaPseudoLabels`.
        feedback_schedule: `constant`, or `linear`: from twice that weight at
            the first step to 0 at the last one.
        teacher_labeled_weight: Factor of the teacher's labelled loss; at 0
            the labels reach the teacher by feedback alone.
        student_labeled_weight: Factor of the student's labelled loss.
        pseudo_label_weighting: What a pseudo label counts for the student:
            `confidence`, its highest probability, or `equal`; `None` for the
            former where the student has the labelled loss.
        student_statistics: Which passes the student's moving statistics follow:
            `labeled`, or `all`; `None` as above.
        objective: What the teacher learns beside the feedback.
        consistency_weight: Factor of the teacher's loss on unlabelled
            examples.
        consistency_ramp_steps: Steps until that factor is reached.
        temperature: Temperature of UDA's sharpened target.
        pseudo_label_temperature: Temperature of what the student is shown;
            below 1 it is sharper than the teacher's prediction.
        confidence_threshold: Lowest confidence that counts.
        threshold_on: Whether that confidence is of the raw prediction or of
            the sharpened target.
        align_distribution: As of UDA, of the teacher's objective.
        cosine_floor: Smallest norm of the student's gradient that the cosine
            divides by.
        labeled_floor: Norm of the labelled gradient below which the feedback
            fades under it; `None` for 1 where the student has the labelled
            loss, else 0.
        feedback_every_steps: Steps from one measurement of the feedback to the
            next.
        weak_view: Whether the weak view passes together with the others.
        microbatch_size: Unlabelled examples that a replica takes at a time;
            `None` for all of them.
    """

    name: ClassVar[str] = "mpl"
    title: ClassVar[str] = "Meta Pseudo Labels"
    has_teacher: ClassVar[bool] = True

    feedback: Literal[
        "soft",
        "hard",
        "hard_expected",
        "hard_batch",
        "finite_difference",
        "none",
    ] = "soft"
    feedback_scale: Literal["exact", "cosine"] | None = None
    feedback_centering: bool | None = None
    feedback_weight: float | None = at_least(0, None)
    feedback_schedule: Literal["constant", "linear"] = "constant"
    teacher_labeled_weight: float = at_least(0, 1.0)
    student_labeled_weight: float = at_least(0, 1.0)
    pseudo_label_weighting: Literal["confidence", "equal"] | None = added_later(
        None, before="equal"
    )
    student_statistics: Literal["labeled", "all"] | None = added_later(
        None, before="all"
    )
    objective: Literal["uda", "fixmatch", "supervised", "randaugment"] = "uda"
    consistency_weight: float = at_least(0, 1.0)
    consistency_ramp_steps: int = at_least(0, 0)
    temperature: float = above(0, 0.4)
    pseudo_label_temperature: float = above(0, 1.0)
    confidence_threshold: float = between(0, 1, 0.8)
    threshold_on: Literal["raw", "sharpened"] = added_later(
        "raw", before="sharpened"
    )
    align_distribution: bool = added_later(False)
    cosine_floor: float = at_least(0, 0.05)
    labeled_floor: float | None = added_later(at_least(0, None), before=0.0)
    feedback_every_steps: int = added_later(at_least(1, 1))
    weak_view: Literal["joint", "apart"] = added_later("joint")
    microbatch_size: int | None = at_least(1, None)


# What the paper's student learns from, and the consistency of the released
# command for CIFAR-10. They were the defaults of `MPL` when most recipes were
# measured. Short trainings suffer from them.
PAPERS: dict[str, Any] = {
    "student_labeled_weight": 0.0,
    "pseudo_label_weighting": "equal",
    "student_statistics": "all",
    "labeled_floor": 0.0,
    "consistency_weight": 8.0,
    "temperature": 0.7,
    "confidence_threshold": 0.6,
    "threshold_on": "sharpened",
}

Method: TypeAlias = (
    Supervised | PseudoLabel | UDA | FixMatch | MeanTeacher | NoisyStudent | MPL
)
METHODS: dict[str, type[Method]] = {
    kind.name: kind
    for kind in (
        Supervised,
        PseudoLabel,
        UDA,
        FixMatch,
        MeanTeacher,
        NoisyStudent,
        MPL,
    )
}
SHARED = tuple(fields_of(Shared))
