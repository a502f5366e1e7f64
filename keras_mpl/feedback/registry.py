"""Reads what a user gives as `feedback`: a name, a config or an object."""

from typing import Any
from typing import Literal
from typing import TypeAlias
from typing import Unpack

import keras

from keras_mpl.feedback.base import Feedback
from keras_mpl.feedback.base import Settings
from keras_mpl.feedback.credit import Hard
from keras_mpl.feedback.credit import HardExpected
from keras_mpl.feedback.credit import Soft
from keras_mpl.feedback.none import NoFeedback
from keras_mpl.feedback.scalar import FiniteDifference
from keras_mpl.feedback.scalar import HardBatch

Name = Literal[
    "soft", "hard", "hard_expected", "hard_batch", "finite_difference", "none"
]
FeedbackLike: TypeAlias = Feedback | Name | dict[str, Any]

KINDS: dict[Name, type[Feedback]] = {
    "soft": Soft,
    "hard": Hard,
    "hard_expected": HardExpected,
    "hard_batch": HardBatch,
    "finite_difference": FiniteDifference,
    "none": NoFeedback,
}


def get(identifier: FeedbackLike, **settings: Unpack[Settings]) -> Feedback:
    """Makes a feedback of its name or config; an object is returned as it is.

    Args:
        identifier: A name of `KINDS`, a feedback, or what Keras'
            `serialize_keras_object` made of one.
        **settings: Arguments for a name; see `Feedback`. An object and a
            config have theirs.

    Returns:
        The feedback.

    Raises:
        ValueError: If the name is unknown, if a setting can not be used, or
            if settings are given beside an object or a config.

    >>> get("soft", scale="exact").needs_plain_sgd
    True
    """
    if isinstance(identifier, str) and identifier in KINDS:
        return KINDS[identifier](**settings)
    given = {name for name, value in settings.items() if value is not None}
    if isinstance(identifier, dict):
        identifier = keras.saving.deserialize_keras_object(identifier)
    if not isinstance(identifier, Feedback):
        raise ValueError(
            f"`feedback` must be one of {sorted(KINDS)}, or a "
            f"`keras_mpl.feedback.Feedback`. Received: feedback={identifier!r}"
        )
    if given:
        raise ValueError(
            f"{_quoted(given)} must be given to the feedback object itself, as "
            f"`{type(identifier).__name__}({min(given)}=)`, and not beside it. "
            f"Received: feedback={identifier.name!r} as an object"
        )
    return identifier


def _quoted(settings: set[str]) -> str:
    alone = {"cosine_floor", "labeled_floor"}
    names = (n if n in alone else f"feedback_{n}" for n in settings)
    return ", ".join(f"`{name}`" for name in sorted(names))
