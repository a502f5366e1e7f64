"""The ways to train on two moons that are compared (Figure 2 of the paper)."""

import dataclasses
import json
from typing import Literal


@dataclasses.dataclass(frozen=True, kw_only=True)
class Setting:
    """One way to train on two moons; see `SETTINGS`.

    Attributes:
        method: What trains the student.
        activation: The activation of the two hidden layers of 8.
        init: Weights start in U(-init, init); 0 for Glorot's uniform.
        steps: The student's steps. A fixed teacher has had as many.
        student_lr: The student's learning rate.
        teacher_lr: The teacher's learning rate.
        momentum: Nesterov's momentum of both optimizers.
        noise: Standard deviation of the noise on the strong view.
        options: Arguments of `MetaPseudoLabels`.
    """

    method: Literal["supervised", "pseudo_labels", "mpl"] = "mpl"
    activation: Literal["sigmoid", "tanh"] = "sigmoid"
    init: float = 0.1
    steps: int = 10_000
    student_lr: float = 0.1
    teacher_lr: float = 0.1
    momentum: float = 0.0
    noise: float = 0.0
    options: tuple[tuple[str, str | float], ...] = ()

    def as_recorded(self) -> dict[str, object]:
        """Returns the setting as it comes back from a record."""
        return json.loads(json.dumps(dataclasses.asdict(self)))


def _rows(
    setting: Setting, **options: dict[str, str | float]
) -> dict[str, Setting]:
    """Returns a setting for the baselines, and with other feedback."""
    without: dict[str, Setting] = {
        method: dataclasses.replace(setting, method=method, options=())
        for method in ("supervised", "pseudo_labels")
    }
    base = dict(setting.options)
    return without | {
        name: dataclasses.replace(setting, options=tuple((base | more).items()))
        for name, more in options.items()
    }


_LITERAL = Setting(options=(("consistency_weight", 0.0),))
_NOISY = Setting(
    activation="tanh",
    init=0.0,
    steps=6_000,
    teacher_lr=0.3,
    momentum=0.9,
    noise=0.15,
    options=(
        ("consistency_weight", 0.5),
        ("consistency_ramp_steps", 1_000),
        ("temperature", 0.7),
        ("confidence_threshold", 0.0),
    ),
)
_EXACT = {"feedback_scale": "exact"}
SETTINGS = {
    # Section 3.1 to the letter.
    "literal": _rows(
        _LITERAL,
        none={"feedback": "none"},
        soft={**_EXACT},
        soft_cosine={"feedback_scale": "cosine"},
        hard_batch={**_EXACT, "feedback": "hard_batch"},
    ),
    "literal_long": _rows(
        dataclasses.replace(_LITERAL, steps=100_000),
        none={"feedback": "none"},
        soft={**_EXACT},
    ),
    # A teacher that sees the labels, and is consistent under noise.
    "labels": _rows(
        _NOISY,
        none={"feedback": "none"},
        soft={**_EXACT, "feedback_weight": 0.2},
    ),
    # The same teacher without the labels: it hears of them by feedback alone.
    "no_labels": _rows(
        dataclasses.replace(
            _NOISY, options=(*_NOISY.options, ("labeled_weight", 0.0))
        ),
        none={"feedback": "none"},
        soft={**_EXACT, "feedback_weight": 0.2},
    ),
}
