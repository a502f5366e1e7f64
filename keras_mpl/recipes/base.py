"""What a recipe is: everything needed to reproduce one number, as plain data.

Frozen, checked when made, the same after a round trip through JSON. Must not
import TensorFlow, nor turn a name into an object: the runner does that.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any
from typing import Literal
from typing import Self

from keras_mpl.recipes.checked import Checked
from keras_mpl.recipes.checked import at_least
from keras_mpl.recipes.checked import conform
from keras_mpl.recipes.checked import later
from keras_mpl.recipes.parts import Data
from keras_mpl.recipes.parts import Optimizer

# Where examples lie does not change a run.
_PLACES: dict[str, Any] = {"dir": None, "download": False, "real_labels": None}


@dataclass(frozen=True, kw_only=True)
class Recipe(Checked):
    """Everything needed to reproduce one number, but the seed.

    Attributes:
        name: `<dataset>_<labels>_<what is special>`.
        summary: One line for people.
        source: Where the settings are from: a paper's table, or us.
        expected: The number it should reach, verbatim from where it is from.
        method: What trains the student.
        baselines: Names of the recipes trained beside it, at equal budget.
        dataset: Name of the data.
        num_labeled: Labelled training examples, the same number per class;
            0 for all that are left.
        num_validation: Examples to choose settings on; 0 for 15 % of the
            labelled files, of `folder` alone.
        num_test: Examples looked at once, at the end; 0 as above.
        unlabeled: Which training examples come without their label.
        split_seed: Which of the possible test and validation sets.
        weak: Name of the weak augmentation.
        strong: Name of the strong augmentation.
        model: Name of the network, both teacher's and student's.
        dropout: Rate in front of the last layer, a fraction.
        batch_size: Labelled examples per step, over all replicas.
        unlabeled_ratio: Unlabelled examples per labelled one.
        train_steps: Steps of the student.
        eval_every_steps: Steps between two looks at the validation set.
        student: The student's optimizer.
        teacher: The teacher's optimizer.
        feedback: How the student's progress reaches the teacher.
        feedback_scale: In which unit; the kind's own if none is named.
        feedback_centering: Whether it is less each class' mean; as the scale
            has it if neither is said.
        feedback_weight: Weight of the feedback in the teacher's loss; that of
            `MetaPseudoLabels` if none is named.
        feedback_schedule: `constant`, or `linear`: from twice that weight at
            the first step to 0 at the last.
        consistency_weight: Weight of the loss on unlabelled examples, in the
            teacher's loss (mpl) or the student's.
        consistency_ramp_steps: Steps until that weight is reached.
        temperature: Of UDA's sharpened target.
        confidence_threshold: Of the mask of unlabelled examples, a
            probability.
        cosine_floor: Smallest gradient norm that the cosine divides by.
        label_smoothing: Fraction of the mass spread over all classes.
        ema_decay: Of the averaged student, per step; 0 is no average.
        weight_decay: Coefficient of the squared weights.
        clip_norm: Largest norm of a gradient, or none.
        precision: Keras dtype policy.
        threshold_on: Of what UDA's mask asks confidence: `raw` or
            `sharpened`.
        annealing: UDA's training signal annealing over `train_steps`.
        pseudo_labels: Of a fixed teacher: `hard` or `soft`.
        labeled_weight: Weight of the given labels in the loss of a student
            who has a teacher's too.
        pretrain_steps: Steps in which the teacher first learns from labels
            alone, with its own optimizer.
        pretrain_view: Name of the augmentation of labelled examples there;
            `weak` if none is named.
        pretrain_method: What trains it there: `supervised` or `uda`.
        rounds: How often Noisy Student's student becomes a teacher, plus 1.
        objective: What the teacher learns beside the feedback.
        teacher_labeled_weight: Weight of the labels there; at 0 the teacher
            hears of them by feedback alone.
        teacher_model: Name of the teacher's network; `model` if none is named.
        reduced: Whether a small MLP over the stored probabilities of the
            pre-trained teacher is the teacher (App. E).
        stored_probs: Folder of such probabilities, by `keras-mpl precompute`,
            in the place of pre-training.
        selection: File that `keras-mpl select` wrote, with the unlabelled
            examples to take.
        finetune_steps: Steps in which the student learns from labels in the
            end, at batches of 512 or all labels.
        finetune_lr: Learning rate there, fixed.
        finetune_from: Which student: `ema`, the average, or `last`.
        is_balanced: Whether labelled examples are drawn class by class; if
            not, they are the first ones.
        pseudo_label_temperature: Of what `mpl` shows the student; below 1
            sharper than the teacher says it.
        microbatch_size: Unlabelled examples that a replica looks at at once,
            of `mpl`; all if none is named.
        strong_from: Whether the strong view is made of the `raw` example or
            of its `weak` view.
        unlabeled_dataset: Whose training images come without a label:
            another streamed set, or `records`, TFRecord files; `dataset` if
            none is named.
        teacher_dropout: As `dropout`, of the teacher; the same if none.
        data: Where the examples are.
    """

    name: str
    summary: str
    source: str
    expected: str

    method: Literal[
        "supervised",
        "pseudo_label",
        "uda",
        "fixmatch",
        "mean_teacher",
        "noisy_student",
        "mpl",
    ] = "mpl"
    baselines: tuple[str, ...] = ()

    dataset: str
    num_labeled: int = at_least(0)
    num_validation: int = at_least(0)
    num_test: int = at_least(0)
    unlabeled: str = "all"
    split_seed: int = 0
    weak: str
    strong: str

    model: str
    dropout: float = at_least(0, 0.0)

    batch_size: int = at_least(1)
    unlabeled_ratio: int = at_least(1)
    train_steps: int = at_least(1)
    eval_every_steps: int = at_least(1)
    student: Optimizer = Optimizer()  # noqa: RUF009 (frozen)
    teacher: Optimizer = Optimizer()  # noqa: RUF009

    feedback: str = "soft"
    feedback_scale: str | None = None
    feedback_weight: float | None = None
    consistency_weight: float = 8.0
    consistency_ramp_steps: int = 0
    temperature: float = 0.7
    confidence_threshold: float = 0.6
    cosine_floor: float = 0.05
    label_smoothing: float = 0.0
    ema_decay: float = 0.995
    weight_decay: float = 0.0
    clip_norm: float | None = None

    precision: Literal[
        "float32", "float64", "mixed_bfloat16", "mixed_float16"
    ] = "float32"

    threshold_on: str = later("sharpened")
    annealing: str = later("none")
    pseudo_labels: str = later("hard")
    labeled_weight: float = later(0.0, low=0)
    pretrain_steps: int = later(0, low=0)
    pretrain_view: str | None = later(None)
    pretrain_method: Literal["supervised", "uda"] = later("supervised")
    rounds: int = later(1, low=1)
    feedback_centering: bool | None = later(None)
    feedback_schedule: Literal["constant", "linear"] = later("constant")
    objective: str = later("uda")
    teacher_labeled_weight: float = later(1.0, low=0)
    teacher_model: str | None = later(None)
    reduced: bool = later(False)
    stored_probs: str | None = later(None)
    selection: str | None = later(None)
    finetune_steps: int = later(0, low=0)
    finetune_lr: float = later(1e-5, low=0)
    finetune_from: Literal["ema", "last"] = later("ema")
    is_balanced: bool = later(True)
    strong_from: Literal["raw", "weak"] = later("raw")
    microbatch_size: int | None = later(None, low=1)
    pseudo_label_temperature: float = later(1.0)
    unlabeled_dataset: str | None = later(None)
    teacher_dropout: float | None = later(None, low=0)
    data: Data = later(Data())  # noqa: RUF009 (frozen)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("train_steps", "pretrain_steps", "finetune_steps"):
            if getattr(self, name) % self.eval_every_steps:
                raise ValueError(
                    f"`{name}` must be a multiple of `eval_every_steps`. "
                    f"Received: {name}={getattr(self, name)}, "
                    f"eval_every_steps={self.eval_every_steps}"
                )
        examples = self.batch_size * self.unlabeled_ratio
        if self.microbatch_size and examples % self.microbatch_size:
            raise ValueError(
                "`microbatch_size` must divide the unlabelled examples of a "
                f"step. Received: microbatch_size={self.microbatch_size}, "
                f"{examples} examples (batch_size={self.batch_size}, "
                f"unlabeled_ratio={self.unlabeled_ratio})"
            )
        if self.stored_probs is not None and not self.reduced:
            raise ValueError(
                "`stored_probs` must go with `reduced`. "
                f"Received: stored_probs={self.stored_probs}, reduced=False"
            )
        if self.reduced and bool(self.pretrain_steps) == bool(
            self.stored_probs
        ):
            raise ValueError(
                "`reduced` must have a teacher to store what it says, by "
                "`pretrain_steps`, or `stored_probs`, and not both. "
                "Received: reduced=True, "
                f"pretrain_steps={self.pretrain_steps}, "
                f"stored_probs={self.stored_probs}"
            )

    def to_dict(self) -> dict[str, Any]:
        """Returns nested plain values, ready for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Makes a recipe from nested plain values.

        Raises:
            ValueError: If a key is unknown or missing, or a type is wrong.
        """
        return conform(values, cls, "recipe")

    def to_json(self) -> str:
        """Returns the recipe as a JSON object."""
        return json.dumps(self.to_dict(), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Makes a recipe from the JSON that `to_json` wrote.

        Raises:
            ValueError: If it is no such JSON.
        """
        return cls.from_dict(json.loads(text))

    def fingerprint(self) -> str:
        """Hashes what a run depends on: all but `summary` and `expected`.

        Runs of one row share it; their seeds tell them apart. A field that
        came after 0.1.0 counts where it is not at its default; where the
        data lie never does.
        """
        anywhere = dataclasses.replace(self.data, **_PLACES)
        values = _hashed(dataclasses.replace(self, data=anywhere))
        del values["summary"], values["expected"]
        text = json.dumps(values, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def _hashed(settings: Any) -> dict[str, Any]:
    """Nested plain values, without fields at a default that came later."""
    values = {}
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if field.metadata.get("later") and value == field.default:
            continue
        is_nested = dataclasses.is_dataclass(value)
        values[field.name] = _hashed(value) if is_nested else value
    return values
