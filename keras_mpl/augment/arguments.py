"""What can be wrong with a setting of a view, said in one line each."""

import math
import numbers
from typing import TypeGuard


def check_amount(name: str, value: object, *, most: float = math.inf) -> None:
    """Checks an amount: a finite number of 0 or more.

    Args:
        name: Of the setting.
        value: What was given.
        most: The largest one.

    Raises:
        ValueError: If it is none.
    """
    if not _is_number(value) or math.isinf(value) or not 0 <= value <= most:
        expected = (
            "0 or more, and finite"
            if math.isinf(most)
            else f"from 0 to {most:g}"
        )
        raise ValueError(
            f"`{name}` must be {expected}. Received: {name}={value!r}"
        )


def check_count(name: str, value: object, *, most: float = math.inf) -> None:
    """Checks a count: a whole number of 0 or more.

    Args:
        name: Of the setting.
        value: What was given.
        most: The largest one.

    Raises:
        ValueError: If it is none.
    """
    check_amount(name, value, most=most)
    if not isinstance(value, numbers.Integral):
        raise ValueError(
            f"`{name}` must be a whole number. Received: {name}={value!r}"
        )


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
