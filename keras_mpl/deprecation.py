"""How a public name goes: it works on, and says what to write instead.

A name that was public stays for two minor versions after the one that
deprecates it. Must not import anything of the package.
"""

import warnings
from typing import TypeVar

Value = TypeVar("Value")


def renamed(old: str, new: str, given: Value | None, value: Value) -> Value:
    """Reads an argument that has a new name.

    Args:
        old: Its deprecated name.
        new: Its name now.
        given: What came under the old name; `None` if nothing did.
        value: What came under the new name.

    Returns:
        `given`, with a warning, if there is any; else `value`.

    >>> renamed("labeled_weight", "teacher_labeled_weight", None, 1.0)
    1.0
    """
    if given is None:
        return value
    warnings.warn(
        f"`{old}` is deprecated: write `{new}={given!r}`.",
        FutureWarning,
        stacklevel=4,
    )
    return given
