"""Tables as Markdown and as aligned text."""

from collections.abc import Sequence

from keras_mpl import names
from keras_mpl.report import escapes


def markdown(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    is_markup: bool = False,
) -> str:
    """Returns a Markdown table; only its first column is left-aligned.

    Args:
        header: Titles of the columns.
        rows: Rows of as many cells.
        is_markup: Whether the cells are Markdown already; otherwise each is
            shown as it is.

    Returns:
        Lines of Markdown.

    >>> print(markdown(["recipe", "test"], [["mpl", "83.6 %"]]))
    | recipe | test |
    |---|---:|
    | mpl | 83.6 % |
    """
    if not is_markup:
        header = [escapes.markdown(cell) for cell in header]
        rows = [[escapes.markdown(cell) for cell in row] for row in rows]
    rule = "|---|" + "---:|" * (len(header) - 1)
    lines = ["| " + " | ".join(row) + " |" for row in (header, *rows)]
    return "\n".join([lines[0], rule, *lines[1:]])


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a table in aligned columns, for a terminal.

    Args:
        header: Titles of the columns.
        rows: Rows of as many cells.

    Returns:
        Lines of text; only the first column is left-aligned.

    >>> print(aligned(["recipe", "test"], [["mpl", "83.6 %"]]))
    recipe    test
    mpl     83.6 %
    """
    header = [names.printable(cell) for cell in header]
    rows = [[names.printable(cell) for cell in row] for row in rows]
    columns = zip(header, *rows, strict=True)
    widths = [max(map(len, column)) for column in columns]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (header, *rows)
    )


def percent(fraction: float | None) -> str:
    """Formats a fraction as a percentage; `None` becomes an empty text.

    >>> percent(0.836), percent(None)
    ('83.6 %', '')
    """
    return "" if fraction is None else f"{100 * fraction:.1f} %"
