"""Texts of outside in Markdown and in figures: they are shown, not obeyed.

A class, a file or a recipe of one's own may have any name.
"""

import re
import shlex

import matplotlib

from keras_mpl import names

_MARKS = re.compile(r"[\\`*\[\]|$~]|(?<!\w)_|_(?!\w)")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

# Decorates a function that draws: a dollar sign is no formula there.
without_formulas = matplotlib.rc_context({"text.parse_math": False})


def markdown(text: object) -> str:
    r"""Returns a text as Markdown that shows it on one line.

    >>> markdown("a|b <i> [x](y) digits_20")
    'a\\|b &lt;i&gt; \\[x\\](y) digits_20'
    """
    line = "".join(_HTML.get(one, one) for one in names.printable(text))
    return _MARKS.sub(r"\\\g<0>", line)


def code(text: object) -> str:
    """Returns a text as Markdown code, whatever backticks it has.

    >>> code("wrn_10_1"), code("a`b")
    ('`wrn_10_1`', '`` a`b ``')
    """
    line = names.printable(text)
    if "`" not in line:
        return f"`{line}`"
    longest = max(map(len, re.findall("`+", line)))
    fence = "`" * (longest + 1)
    return f"{fence} {line} {fence}"


def shell(words: list[str]) -> str:
    r"""Returns words as one line for a shell.

    >>> shell(["a b", "c\nd"])
    "'a b' $'c\\nd'"
    """
    return " ".join(
        shlex.quote(word) if word.isprintable() else _ansi(word)
        for word in words
    )


def _ansi(word: str) -> str:
    quoted = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{''.join(map(_spelled, quoted))}'"


def _spelled(one: str) -> str:
    r"""A character as `$'...'` spells it, where `\x` is a byte."""
    number = ord(one)
    if 0xDC80 <= number <= 0xDCFF:  # a byte of a name that is no UTF-8
        return f"\\x{number - 0xDC00:02x}"
    if one.isprintable() or number < 0x80:
        return names.printable(one)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
