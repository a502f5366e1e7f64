"""What comes from outside: which names may be a path, how texts are shown.

A recipe's name becomes the name of folders, and a run folder may come from
somebody else. A path may lead out of a folder. Must not import anything of the
package.
"""

import os

_LONGEST = 200  # bytes; most systems allow 255, and suffixes follow


def as_part(name: str, key: str) -> str:
    r"""Returns a name that may become one part of a path.

    Args:
        name: Any text.
        key: What to call it in an error.

    Raises:
        ValueError: If it is empty or too long, begins with a dot, or has a
            slash, a backslash or a character that can not be printed.

    >>> as_part("digits_20", "name")
    'digits_20'
    >>> as_part("../victim", "name")
    Traceback (most recent call last):
    ValueError: `name` must be ... Received: name='../victim'
    """
    size = len(name.encode(errors="surrogatepass"))
    is_part = 0 < size <= _LONGEST and not name.startswith(".")
    if is_part and name.isprintable() and not set(name) & {"/", "\\", os.sep}:
        return name
    shown = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}..."
    raise ValueError(
        f"`{key}` must be printable text of 1 to {_LONGEST} bytes without "
        "slashes that does not begin with a dot, since it names folders. "
        f"Received: {key}={shown!r}"
    )


def is_inside(
    path: str | os.PathLike[str], folder: str | os.PathLike[str]
) -> bool:
    """Says whether a path lies in a folder, or is it, by their names alone.

    >>> is_inside("a/b.png", "a"), is_inside("a/../b.png", "a")
    (True, False)
    """
    whole, root = os.path.abspath(path), os.path.abspath(folder)
    try:
        return os.path.commonpath([whole, root]) == root
    except ValueError:  # another drive
        return False


def printable(text: object) -> str:
    r"""Returns a text in which line breaks and escape codes are spelled out.

    >>> printable("a\nb\x1b[31m")
    'a\\nb\\x1b[31m'
    """
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode()
        for one in str(text)
    )
