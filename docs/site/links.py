"""Makes the pages of the repository the pages of the site; a hook of mkdocs.

On GitHub and in a checkout a page links to any file of the repository. The
site has the same links: pages outside docs/ are taken in, and every other file
that a page links to is copied to `files/`. A link to nothing stays as it is,
and `mkdocs build --strict` fails at it.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[2]

# Pages outside docs/: where they lie, and their place on the site.
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "benchmarks/README.md": "benchmarks.md",
}
_HOMES = {place: source for source, place in PAGES.items()}
_FENCED = re.compile(r"^```.*?^```$", re.M | re.S)
_LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)")
# Python's Markdown wants an empty line before a list, GitHub's does not.
_LIST = re.compile(r"^(?![-|>#]|\d+\. |\s)(.+\n)(?=(?:- |1\. )\S)", re.M)


def on_files(files: Any, config: Any) -> Any:
    """Takes in the pages that lie outside docs/."""
    for source, place in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Turns links through the repository into links through the site."""
    place = page.file.src_uri
    home = posixpath.dirname(_HOMES.get(place, f"docs/{place}"))

    def moved(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(home, match[1]))
        target = _place(path, files, config)
        start = posixpath.dirname(place) or "."
        return posixpath.relpath(target, start) if target else match[1]

    def prose(text: str) -> str:
        return _LIST.sub(r"\1\n", _LINK.sub(moved, text))

    parts, end = [], 0
    for fence in _FENCED.finditer(markdown):
        parts += [prose(markdown[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, prose(markdown[end:])])


def _place(path: str, files: Any, config: Any) -> str | None:
    """Where a file of the repository is on the site; `None` if it is none."""
    if path in PAGES:
        return PAGES[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if not (ROOT / path).is_file():
        return None
    copy = f"files/{path}"
    if files.get_file_from_path(copy) is None:
        source = str(ROOT / path)
        files.append(File.generated(config, copy, abs_src_path=source))
    return copy
