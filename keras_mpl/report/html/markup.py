"""HTML as a tree of elements, so that every text of outside is escaped.

No text becomes HTML by being put between tags: the tree is written by the
standard library, which escapes texts and attributes.
"""

import base64
from collections.abc import Sequence
from typing import TypeAlias
from xml.etree import ElementTree

from keras_mpl import names
from keras_mpl.report.html import style

Element: TypeAlias = ElementTree.Element
Child: TypeAlias = Element | str


def element(tag: str, *children: Child, **attributes: str) -> Element:
    r"""Makes an element.

    Args:
        tag: Its name, such as `p`.
        *children: Texts, which are shown as they are, and elements.
        **attributes: Its attributes; `class_` is `class`.

    >>> write(element("p", "a < b ", element("b", "$x$\x1b"), title='"'))
    '<p title="&quot;">a &lt; b <b>$x$\\x1b</b></p>'
    """
    made = ElementTree.Element(tag)
    for key, value in attributes.items():
        made.set(key.rstrip("_"), names.printable(value))
    for child in children:
        if isinstance(child, str):
            _append_text(made, names.printable(child))
        else:
            made.append(child)
    return made


def _append_text(parent: Element, text: str) -> None:
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def write(made: Element) -> str:
    """Returns an element as HTML."""
    return ElementTree.tostring(made, encoding="unicode", method="html")


def table(
    header: Sequence[Child], rows: Sequence[Sequence[Child]], class_: str = ""
) -> Element:
    """Makes a table whose first column is left-aligned.

    Args:
        header: Titles of the columns.
        rows: As many cells each; a `td` is taken as it is.
        class_: Further classes of the table.
    """
    titles = element("tr", *(element("th", title) for title in header))
    body = [element("tr", *map(_cell, row)) for row in rows]
    made = element(
        "table",
        element("thead", titles),
        element("tbody", *body),
        class_=class_,
    )
    return element("div", made, class_="scroll")


def _cell(content: Child) -> Element:
    if not isinstance(content, str) and content.tag == "td":
        return content
    return element("td", content)


def shaded(text: str, share: float, color: str = "0, 114, 178") -> Element:
    """Makes a cell of a table that is the darker the greater its share is.

    Args:
        text: What the cell says.
        share: From 0 to 1.
        color: Red, green and blue.
    """
    look = f"background: rgba({color}, {0.85 * share:.3f})"
    return element("td", text, class_="dark" if share > 0.6 else "", style=look)


def image(content: bytes, alternative: str, class_: str = "") -> Element:
    """Makes a picture that is part of the page.

    Args:
        content: Of a PNG or JPEG file.
        alternative: The words that stand for it.
        class_: Its class.
    """
    kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
    data = base64.b64encode(content).decode()
    source = f"data:image/{kind};base64,{data}"
    return element("img", src=source, alt=alternative, class_=class_)


def page(title: str, sections: Sequence[tuple[str, Sequence[Child]]]) -> str:
    """Returns a whole page with a table of contents.

    Args:
        title: Its title.
        sections: The title of each, and what is in it; the first one stands
            above the contents and its title is not shown.

    Returns:
        An HTML document that refers to no other file.
    """
    (_, head), *others = sections
    links = [
        element("li", element("a", name, href=f"#s{number}"))
        for number, (name, _) in enumerate(others)
    ]
    parts = [
        element("section", element("h2", name), *content, id=f"s{number}")
        for number, (name, content) in enumerate(others)
    ]
    body = element(
        "body",
        element("header", element("h1", title), *head),
        element("nav", element("strong", "Contents"), element("ul", *links)),
        element("main", *parts),
    )
    looks = element("style")
    looks.text = style.CSS
    top = element(
        "head",
        element("meta", charset="utf-8"),
        element(
            "meta",
            name="viewport",
            content="width=device-width, initial-scale=1",
        ),
        element("title", title),
        looks,
    )
    return f"<!DOCTYPE html>\n{write(element('html', top, body, lang='en'))}\n"
