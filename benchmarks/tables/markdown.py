"""Tables as Markdown, each with the sentence under it."""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence

from keras_mpl.report import tables


def table(
    titles: Sequence[str],
    rows: Iterable[Sequence[str]],
    note: str = "",
    *,
    left: Collection[int] = (0,),
) -> str:
    """Returns a table as Markdown.

    Args:
        titles: One for each column.
        rows: A text for each column.
        note: The sentence under the table, if there is one.
        left: Numbers of the columns that lean left; the others lean right.
    """
    head, _, *body = tables.markdown(
        titles, list(rows), is_markup=True
    ).splitlines()
    sides = ("---" if n in left else "---:" for n in range(len(titles)))
    lines = [head, "|" + "|".join(sides) + "|", *body]
    return "\n".join([*lines, "", note] if note else lines)
