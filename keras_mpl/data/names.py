"""Names of files and classes: which are hidden, in which order, how printed.

`printable` is that of the whole package.
"""

import glob
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from keras_mpl.names import printable

# What systems and programs leave beside a user's files, in lower case.
_SYSTEM = frozenset(
    {
        "__macosx",
        "__pycache__",
        "@eadir",
        "@recycle",
        "#recycle",
        "#snapshot",
        "$recycle.bin",
        "lost+found",
        "network trash folder",
        "system volume information",
        "temporary items",
        "desktop.ini",
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "icon\r",
        "thumbs.db",
    }
)
_NUMBER = re.compile(r"-?[0-9]{1,18}([.][0-9]{1,18})?")


def is_hidden(name: str) -> bool:
    """Says whether a file or folder is hidden, or a system's own.

    >>> [is_hidden(name) for name in (".git", "__MACOSX", "Thumbs.db", "cat")]
    [True, True, True, False]
    """
    return name.startswith(".") or name.lower() in _SYSTEM


def matching(pattern: str, *, recursive: bool = False) -> list[str]:
    """Returns the paths that a pattern names, as `glob.glob` does, sorted.

    Folders at its beginning that are there are no pattern, whatever their
    names: `run [1]/*.png` names what lies in the folder `run [1]`.
    """
    *folders, _ = parts = pattern.split(os.sep)
    for count in range(len(folders), 0, -1):
        begin = os.sep.join(parts[:count])
        if begin and os.path.isdir(begin):
            parts[:count] = [glob.escape(begin)]
            break
    return sorted({*glob.glob(os.sep.join(parts), recursive=recursive)})


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Returns different names in order; if all are numbers, as numbers.

    >>> in_order(["10", "9.5", "9.5"]), in_order(["b10", "b9"])
    (('9.5', '10'), ('b10', 'b9'))
    """
    different = sorted(set(names))
    if all(_NUMBER.fullmatch(name) for name in different):
        different.sort(key=Fraction)
    return tuple(different)


def alike(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Groups names that a person may take for one name.

    They differ in case, in spaces, in zeros of a number that say nothing, or in
    the way in which Unicode spells the same letters.

    >>> alike(["Cat", "cat", "dog", "1", "01"])
    [('Cat', 'cat'), ('01', '1')]
    """
    groups = defaultdict(set)
    for name in names:
        plain = unicodedata.normalize("NFKC", name).casefold()
        plain = " ".join(re.split(r"[\s_-]+", plain.strip()))
        if _NUMBER.fullmatch(plain):
            plain = str(Fraction(plain))
        groups[plain].add(name)
    return [tuple(sorted(same)) for same in groups.values() if len(same) > 1]


def check_classes(names: Iterable[str], place: object) -> None:
    """Raises unless the names of classes can be written one per line.

    Raises:
        ValueError: If a name has a line break, another control character, or
            bytes that are no text.
    """
    for name in names:
        kinds = {unicodedata.category(one) for one in name}
        if kinds & {"Cc", "Cs", "Zl", "Zp"}:
            raise ValueError(
                "the name of a class must be text on one line. "
                f"Received: {printable(name)!r} in {printable(place)}"
            )
