"""Which examples of one part of a data set lie in another, too."""

import itertools
from collections.abc import Hashable
from collections.abc import Mapping
from collections.abc import Sequence

from keras_mpl.data import names


def between_parts(
    digests: Mapping[str, Sequence[Hashable]],
    paths: Mapping[str, Sequence[object]],
) -> tuple[str, ...]:
    """Says which files of a part are in a later part with the same bytes.

    Args:
        digests: By part, what two files share that are the same.
        paths: By part, the files.

    Returns:
        A line per pair of parts that share files.

    >>> between_parts({"a": [1, 2], "b": [2]}, {"a": "xy", "b": "z"})
    ('1 of 2 a images are among the b, too, first y and z',)
    """
    lines = []
    for one, other in itertools.combinations(digests, 2):
        twins: dict[Hashable, object] = {}
        for key, path in zip(digests[other], paths[other], strict=True):
            twins.setdefault(key, path)
        same = [i for i, key in enumerate(digests[one]) if key in twins]
        if same:
            first, twin = paths[one][same[0]], twins[digests[one][same[0]]]
            lines.append(
                f"{len(same):,} of {len(digests[one]):,} {one} images are "
                f"among the {other}, too, first {names.printable(first)} and "
                f"{names.printable(twin)}"
            )
    return tuple(lines)
