"""Makes code blocks of the doctests in docstrings; an extension of griffe.

A docstring here ends in its doctest, without a title. To Markdown `>>>` is a
quotation in a quotation, and a list that is printed is a link.
"""

import re
from typing import Any

import griffe

_DOCTEST = re.compile(r"^>>> .*(?:\n.+)*", re.M)


class Doctests(griffe.Extension):
    """Puts a fence around every doctest."""

    def on_object(self, *, obj: griffe.Object, **arguments: Any) -> None:
        """Changes the docstring of one object."""
        del arguments
        if obj.docstring is not None:
            obj.docstring.value = _DOCTEST.sub(
                r"```pycon\n\g<0>\n```", obj.docstring.value
            )
