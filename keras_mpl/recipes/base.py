"""A recipe: everything needed to reproduce one number, as plain data.

A recipe is frozen, is checked when it is made, and is the same after a round
trip through JSON. This module must not import TensorFlow, nor turn a name into
an object: the runner does that.
"""

import dataclasses
import hashlib
import json
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from typing import Literal
from typing import Self

from keras_mpl import names
from keras_mpl.recipes import steps
from keras_mpl.recipes import version_0_1
from keras_mpl.recipes.checked import WHOLE
from keras_mpl.recipes.checked import Checked
from keras_mpl.recipes.checked import added_later
from keras_mpl.recipes.checked import as_before
from keras_mpl.recipes.checked import at_least
from keras_mpl.recipes.checked import check_names
from keras_mpl.recipes.checked import coerce
from keras_mpl.recipes.checked import shortened
from keras_mpl.recipes.methods import MPL
from keras_mpl.recipes.methods import Method
from keras_mpl.recipes.methods import NoisyStudent
from keras_mpl.recipes.parts import Data
from keras_mpl.recipes.parts import Model
from keras_mpl.recipes.parts import Optimizer
from keras_mpl.recipes.parts import Stages
from keras_mpl.recipes.parts import Views

# Where examples lie does not change a run.
_PLACES = ("dir", "download", "real_labels")
# What only a method with a teacher has, and what others have in its place.
OF_A_TEACHER = {
    "model.teacher_network": None,
    "model.teacher_dropout": None,
    "stages.pretrain_steps": 0,
}


@dataclass(frozen=True, kw_only=True)
class Recipe(Checked):
    """Everything needed to reproduce one number, but the seed.

    Attributes:
        name: `<dataset>_<labels>_<what is special>`; it names folders.
        summary: One line for people.
        source: The origin of the settings: a paper's table, or us.
        expected: The number that it should reach, as its origin prints it.
        method: The method that trains the student, with its settings.
        baselines: Names of the recipes trained beside it, at equal budget.
        batch_size: Labelled examples per step, over all replicas.
        unlabeled_ratio: Unlabelled examples per labelled one.
        train_steps: Steps of the student.
        eval_every_steps: Steps between two evaluations on validation.
        data: The examples.
        views: Their augmentations.
        model: The networks.
        student: The student's optimizer.
        teacher: The teacher's optimizer; `None` for the student's settings,
            and of a method without a teacher.
        stages: The stages before and after the training itself.
        export: Whose student of the run is `student.keras`: the recipe's
            `own`, or that of the training that is `best` on validation.
    """

    name: str
    summary: str
    source: str
    expected: str

    method: Method = MPL()  # noqa: RUF009 (frozen)
    baselines: tuple[str, ...] = ()
    batch_size: int = at_least(1)
    unlabeled_ratio: int = at_least(1)
    train_steps: int = at_least(1)
    eval_every_steps: int = at_least(1)

    data: Data
    views: Views
    model: Model
    student: Optimizer = Optimizer()  # noqa: RUF009
    teacher: Optimizer | None = None
    stages: Stages = Stages()  # noqa: RUF009
    export: Literal["own", "best"] = added_later("own")

    def __post_init__(self) -> None:
        super().__post_init__()
        names.as_part(self.name, "name")
        self._check_baselines()
        if self.method.has_teacher and self.teacher is None:
            object.__setattr__(self, "teacher", self.student)
        steps.check_intervals(
            self.train_steps, self.eval_every_steps, self.stages
        )
        steps.check_warm_ups(
            self.train_steps,
            self.stages,
            self.student,
            self.teacher,
            is_joint=isinstance(self.method, MPL),
        )
        self._check_microbatches()
        self._check_teacher()
        self._check_reduced()

    def _check_baselines(self) -> None:
        """Checks that the recipes of a run have names of their own."""
        family = (*self.baselines, self.name)
        if len(set(family)) < len(family):
            raise ValueError(
                "`baselines` must be different recipes, and not this one. "
                f"Received: baselines={shortened(self.baselines)}, "
                f"name={shortened(self.name)}"
            )

    def _check_microbatches(self) -> None:
        size = getattr(self.method, "microbatch_size", None)
        examples = self.batch_size * self.unlabeled_ratio
        if size and examples % size:
            raise ValueError(
                "`method.microbatch_size` must divide the unlabelled examples "
                f"of a step. Received: method.microbatch_size={size}, "
                f"{examples} examples (batch_size={self.batch_size}, "
                f"unlabeled_ratio={self.unlabeled_ratio})"
            )

    def _check_teacher(self) -> None:
        """Checks that only a method with a teacher has its settings."""
        method = self.method.name
        if self.stages.rounds > 1 and method != NoisyStudent.name:
            raise ValueError(
                "`stages.rounds` must be 1 for every method but "
                f"{NoisyStudent.name}. "
                f"Received: stages.rounds={self.stages.rounds}, method={method}"
            )
        if self.method.has_teacher:
            return
        for key, without in {"teacher": None, **OF_A_TEACHER}.items():
            value = operator.attrgetter(key)(self)
            if value != without:
                word = "none" if without is None else without
                raise ValueError(
                    f"`{key}` must be {word} for a method without a teacher. "
                    f"Received: {key}={shortened(value)}, method={method}"
                )

    def _check_reduced(self) -> None:
        """Checks what Reduced MPL needs, and that nobody else has it."""
        stages, probs = self.stages, self.data.stored_probs
        key = "stages.use_reduced_teacher"
        if not stages.use_reduced_teacher:
            if probs is not None:
                raise ValueError(
                    f"`data.stored_probs` must go with `{key}`. "
                    f"Received: data.stored_probs={shortened(probs)}, "
                    f"{key}=false"
                )
            return
        if not isinstance(self.method, MPL):
            raise ValueError(
                f"`{key}` must go with method=mpl. "
                f"Received: {key}=true, method={self.method.name}"
            )
        if bool(stages.pretrain_steps) == bool(probs):
            raise ValueError(
                f"`{key}` must have either `stages.pretrain_steps`, for a "
                "teacher whose probabilities are stored, or "
                f"`data.stored_probs`. Received: {key}=true, "
                f"stages.pretrain_steps={stages.pretrain_steps}, "
                f"data.stored_probs={shortened(probs)}"
            )

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Self:
        """Makes a recipe from nested plain values.

        Args:
            values: As `to_dict` returns them, or as version 0.1.0 did.

        Raises:
            ValueError: If a key is unknown or missing, or a type is wrong.
        """
        if not isinstance(values, Mapping):
            raise ValueError(
                "`recipe` must be an object with fields. "
                f"Received: {shortened(values)}"
            )
        if version_0_1.is_flat(values):
            values = version_0_1.nested(values)
        return coerce(dict(values), cls, WHOLE)

    @classmethod
    def from_record(cls, values: Mapping[str, object]) -> Self:
        """Makes the recipe that a run was made by, as it was then.

        Args:
            values: As `to_dict` of this or an older version returned them. A
                field that they lack is what runs had before there was one,
                which need not be its default now.

        Raises:
            ValueError: If a key is unknown or missing, or a type is wrong.
        """
        is_nested = isinstance(values, Mapping) and not version_0_1.is_flat(
            values
        )
        return cls.from_dict(as_before(values, cls) if is_nested else values)

    def to_json(self) -> str:
        """Returns the recipe as a JSON object."""
        return json.dumps(self.to_dict(), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Makes a recipe from the JSON that `to_json` wrote.

        Raises:
            ValueError: If it is no such JSON.
        """
        try:
            return cls.from_dict(json.loads(text))
        except json.JSONDecodeError as error:
            raise ValueError(
                f"`text` must be JSON. Received: {text[:40]!r} ({error})"
            ) from error
        except RecursionError as error:
            raise ValueError(
                "`text` must be JSON that is nested less deep. "
                f"Received: {text[:40]!r}..."
            ) from error

    def fingerprint(self) -> str:
        """Returns a hash of all that a run depends on.

        Runs of one row of a table share it; their seeds tell them apart. It
        does not depend on `summary`, on `expected` and on the places of the
        data. A field that was added later counts only off its default.
        """
        values = self.to_hash()
        del values["summary"], values["expected"]
        for place in _PLACES:
            values["data"].pop(place, None)
        text = json.dumps(values, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def replace(self, **parts: object) -> Self:
        """Returns a copy with other parts, or other settings of a part.

        Args:
            **parts: By field. A `dict` changes settings of that part and
                leaves its others as they are; any other value takes its place.

        Raises:
            ValueError: If a setting is unknown or has the wrong type.

        >>> from keras_mpl.recipes import RECIPES
        >>> RECIPES["digits_20"].replace(model={"dropout": 0.5}).model.dropout
        0.5
        """
        check_names(type(self), parts, "recipe")
        changed = {
            name: _part(getattr(self, name), value, name)
            for name, value in parts.items()
        }
        return dataclasses.replace(self, **changed)


def _part(part: object, value: object, key: str) -> Any:
    if isinstance(value, dict) and isinstance(part, Checked):
        check_names(type(part), value, key)
        return dataclasses.replace(part, **value)
    return value
