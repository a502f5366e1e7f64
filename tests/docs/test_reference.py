"""Every public name is in the API reference, and nothing else is."""

import importlib
import pathlib
import pkgutil
import re
import sys

import pytest

import keras_mpl

ROOT = pathlib.Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs/api").glob("*.md"))
SHOWN = {
    path
    for page in PAGES
    for path in re.findall(r"^::: (\S+)$", page.read_text(), re.M)
}
PACKAGES = [f"keras_mpl.{name}" for name in keras_mpl._MODULES]


def _value(path):
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _public(package):
    return [f"{package}.{n}" for n in importlib.import_module(package).__all__]


NAMES = [
    *(f"keras_mpl.{name}" for name in keras_mpl._HOME),
    *(path for package in PACKAGES for path in _public(package)),
]


def _same(path, others):
    """Whether an object is shown there, by this path or by another."""
    name = path.rpartition(".")[2]
    return path in others or any(
        _value(other) is _value(path)
        for other in others
        if other.endswith(f".{name}")
    )


@pytest.mark.parametrize("path", NAMES)
def test_each_public_name_is_on_a_page(path):
    assert _same(path, SHOWN)


@pytest.mark.parametrize("path", sorted(SHOWN))
def test_the_pages_show_public_names_alone(path):
    assert _same(path, NAMES)
    # Where a module has the name of its function, the page needs the whole
    # path: griffe would show the module.
    assert path not in sys.modules


def test_a_package_that_users_see_says_what_is_public():
    hidden = {
        *("cli", "commands", "copies", "deprecation", "messages", "names"),
        "onednn",
    }
    found = {module.name for module in pkgutil.iter_modules(keras_mpl.__path__)}
    assert found - hidden - {"__main__"} == {*keras_mpl._MODULES}


def test_each_page_is_in_the_navigation():
    _, _, navigation = (ROOT / "mkdocs.yml").read_text().partition("\nnav:\n")
    listed = {*re.findall(r"(\S+\.md)$", navigation, re.M)}
    pages = {
        page.relative_to(ROOT / "docs").as_posix()
        for page in (ROOT / "docs").rglob("*.md")
    }
    assert pages <= listed
