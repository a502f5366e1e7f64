"""Tables as Markdown and as aligned text, from the same rows."""

from collections.abc import Sequence


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a Markdown table; every column but the first leans right.

    >>> print(markdown(["recipe", "test"], [["mpl", "83.6 %"]]))
    | recipe | test |
    |---|---:|
    | mpl | 83.6 % |
    """
    rule = "|---|" + "---:|" * (len(header) - 1)
    lines = ["| " + " | ".join(row) + " |" for row in (header, *rows)]
    return "\n".join([lines[0], rule, *lines[1:]])


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns the table for a terminal.

    >>> print(aligned(["recipe", "test"], [["mpl", "83.6 %"]]))
    recipe    test
    mpl     83.6 %
    """
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
    """Spells an accuracy.

    >>> percent(0.836), percent(None)
    ('83.6 %', '')
    """
    return "" if fraction is None else f"{100 * fraction:.1f} %"
