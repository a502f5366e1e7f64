"""Fonts for names of classes and runs, in whatever script people write them.

Matplotlib's own font lacks the letters of Chinese, Japanese, Korean, Hindi and
others, and draws boxes and warns. Only letters that it lacks are looked for in
the installed fonts.
"""

import functools
import unicodedata
from collections.abc import Iterable
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib import font_manager
from matplotlib import rcParams

_WEIGHTS = ("normal", "bold")  # in which figures draw names
_BOXES = "last resort"  # fonts with a box for every letter


class Shown(NamedTuple):
    """Names as they can be drawn.

    Attributes:
        names: In the order given; `class 3` where no font has all letters.
        family: The fonts for them; what the first one lacks is of the others.
    """

    names: list[str]
    family: list[str]


def shown(
    names: Sequence[str], numbers: Iterable[object], kind: str = "class"
) -> Shown:
    r"""Returns the names of classes as they can be drawn, and the fonts.

    Args:
        names: One per class, or per image.
        numbers: The number of the class of each.
        kind: What is numbered where a name can not be drawn.

    >>> shown(["cat", "\U0010abcd"], [0, 1]).names
    ['cat', 'class 1']
    """
    own = tuple(rcParams["font.family"])
    composed = [unicodedata.normalize("NFC", name) for name in names]
    lacking = frozenset(one for one in "".join(composed) if not one.isascii())
    lacking = lacking.difference(*(_letters(one, lacking) for one in own))
    fallbacks = _fallbacks(lacking) if lacking else {}
    lacking = lacking.difference(*fallbacks.values())
    drawn = [
        name if lacking.isdisjoint(name) else f"{kind} {number}"
        for name, number in zip(composed, numbers, strict=True)
    ]
    return Shown(drawn, [*own, *fallbacks])


@functools.lru_cache(maxsize=8)
def _fallbacks(lacking: frozenset[str]) -> dict[str, frozenset[str]]:
    """The fewest fonts that have what can be had, and what each of them has."""
    found = {}
    for name in _having(lacking):
        if letters := _letters(name, lacking):
            found[name] = letters
    chosen = {}
    while found:
        best = max(found, key=lambda name: len(found[name] & lacking))
        if not found[best] & lacking:
            break
        chosen[best] = found.pop(best)
        lacking -= chosen[best]
    return chosen


def _having(letters: frozenset[str]) -> list[str]:
    """Names of installed fonts that have any of these letters."""
    installed = font_manager.fontManager.ttflist
    files = {
        one.name: one.fname
        for one in sorted(installed, key=lambda one: one.weight == 400)
        if one.style == "normal" and _BOXES not in one.name.lower()
    }
    in_order = sorted(files, key=lambda name: ("Sans" not in name, name))
    return [name for name in in_order if _in_file(files[name], letters)]


def _letters(family: str, letters: frozenset[str]) -> frozenset[str]:
    """Those of the letters that a font has in every weight."""
    for weight in _WEIGHTS if letters else ():
        properties = font_manager.FontProperties(family=family, weight=weight)
        letters = _in_file(font_manager.findfont(properties), letters)
    return letters


def _in_file(path: str, letters: frozenset[str]) -> frozenset[str]:
    try:
        font = font_manager.get_font(path)
    except (OSError, RuntimeError):  # gone, or damaged
        return frozenset()
    if not font.scalable:  # pictures of one size, which cannot be drawn
        return frozenset()
    has = font.get_char_index
    return frozenset(one for one in letters if has(ord(one)))
