"""The contents of the JSON files of a run folder, as types.

`config.json` is a `Config`, `result.json` is a `Result`, and each line of
`metrics.jsonl` is an `Evaluation`.
"""

from typing import Annotated
from typing import Any
from typing import NotRequired
from typing import TypeAlias
from typing import TypedDict

# A recipe as plain values: its fields are those of `recipes.Recipe`.
RecipeValues: TypeAlias = dict[str, Any]
# A number with its least and its largest value.
Fraction: TypeAlias = Annotated[float, (0, 1)]


class Evaluation(TypedDict):
    """One evaluation; training logs more metrics beside these."""

    recipe: str
    stage: str
    step: int
    seconds: float
    val_accuracy: NotRequired[Fraction | None]
    val_student_accuracy: NotRequired[Fraction | None]
    val_teacher_accuracy: NotRequired[Fraction | None]
    data_wait_fraction: NotRequired[float]


class Accuracies(TypedDict):
    """What was measured after a stage; accuracies are fractions."""

    test_accuracy: Fraction
    test_balanced_accuracy: NotRequired[Fraction]
    test_student_accuracy: NotRequired[Fraction]
    test_teacher_accuracy: Fraction | None
    test_top_5_accuracy: NotRequired[Fraction]
    test_real_accuracy: NotRequired[Fraction]
    val_accuracy: Fraction | None
    train_steps_done: int
    seconds: float


class StageRow(Accuracies):
    """The row of one stage of a recipe."""

    stage: str


class Row(Accuracies):
    """The row of one recipe: the accuracies after its last stage."""

    recipe: str
    title: NotRequired[str]
    method: str
    feedback: str | None
    data_wait_fraction: NotRequired[float]
    stages: NotRequired[list[StageRow]]


class Compared(TypedDict):
    """One training beside the one that it is compared with.

    Intervals hold 95 %; `outcome` is `better`, `worse` or `no difference`.
    """

    recipe: str
    title: str
    accuracy: Fraction
    interval: list[float]
    difference: NotRequired[float]
    difference_interval: NotRequired[list[float]]
    p_value: NotRequired[float]
    outcome: NotRequired[str]


class Verdict(TypedDict):
    """All trainings of a run on the same test examples."""

    num_test: int
    noun: str
    reference: str | None
    methods: list[Compared]


class Exported(TypedDict):
    """Whose student is `student.keras`, and why."""

    recipe: str
    title: str
    chosen_by: str
    reason: str


class Result(TypedDict):
    """`result.json`, which a run writes when it is finished."""

    recipe: str
    fingerprint: str
    seed: int
    rows: list[Row]
    verdict: NotRequired[Verdict]
    exported: NotRequired[Exported]
    wall_clock_seconds: float


class Selection(TypedDict):
    """`selection.json`: the split, and the unlabelled examples to take.

    `digests` are of the files that their numbers count.
    """

    split: str
    digests: NotRequired[dict[str, str]]
    unlabeled: list[int]


class StoredFor(TypedDict):
    """`data.json`: whose probabilities are stored in a folder."""

    digests: dict[str, str]


class Labelling(TypedDict):
    """The pseudo labels that one network gives to a sample of examples."""

    counts: list[int]
    above: Fraction
    confidence: Fraction


class PseudoLabels(TypedDict):
    """A line of `pseudo_labels.jsonl`: the pseudo labels at one step."""

    recipe: str
    stage: str
    step: int
    share: Fraction
    num_examples: int
    confidence_threshold: Fraction
    agreement: Fraction | None
    networks: dict[str, Labelling]


class Calibration(TypedDict):
    """`calibration.json`: what the logits of the student are divided by."""

    recipe: str
    temperature: float
    num_validation: int


class CodeVersion(TypedDict):
    """The commit that a run was made from; `None` for an installed copy."""

    commit: str | None
    dirty: bool | None


class Environment(CodeVersion):
    """The versions, device and date of a run."""

    versions: dict[str, str]
    device: str
    onednn: NotRequired[bool | None]
    threads_per_operation: NotRequired[int]
    num_replicas: NotRequired[int]
    date: NotRequired[str]


class Normalization(TypedDict):
    """Per channel, what pixels on a scale of 0 to 1 were standardised with."""

    mean: list[float]
    std: list[float]


class Split(TypedDict):
    """The name of the data's split, and the sizes of its parts.

    `digests` are of the sets that were read from files, by name.
    """

    name: str
    fingerprint: str
    num_labeled: NotRequired[int]
    num_unlabeled: NotRequired[int]
    num_validation: NotRequired[int]
    num_test: NotRequired[int]
    digests: NotRequired[dict[str, str]]


class Budget(TypedDict):
    """What was chosen so that a run ends in time."""

    seconds: float
    expected_seconds: float
    chosen: list[str]
    left_out: list[str]


class Origin(TypedDict):
    """The part of `config.json` that a run's data and student follow from."""

    recipe: RecipeValues
    seed: int
    split: Split


class Config(Origin, Environment):
    """`config.json`, which a run writes when it begins."""

    baselines: list[RecipeValues]
    own_recipe: NotRequired[RecipeValues | None]
    fingerprint: str
    overrides: list[str]
    chosen: NotRequired[list[str]]
    precision: str
    strategy: NotRequired[str]
    deterministic: NotRequired[bool]
    budget: NotRequired[Budget]
    callbacks: NotRequired[list[str]]
    inputs: NotRequired[str]
    normalization: NotRequired[Normalization | None]
    picture: NotRequired[str | None]
    skipped_files: NotRequired[list[list[str]]]
    class_names: NotRequired[list[str]]
    student_takes: NotRequired[str]
    draft_size: NotRequired[int | None]
