"""What the pages of docs/ show works as it stands there."""

import pathlib
import re

import pytest

from keras_mpl import recipes
from keras_mpl.cli import COMMANDS

ROOT = pathlib.Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *DOCS.rglob("*.md")})
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.M | re.S)
FENCED = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)
SHOWN = {
    "callbacks.md": 3,
    "choosing.md": 1,
    "domains.md": 1,
    "extending.md": 3,
    "models.md": 3,
    "start.md": 1,
}
OPTIONAL = ("keras_tuner",)  # not among the requirements of the tests
QUICK = {
    ("choosing.md", 0),
    ("extending.md", 1),
    ("models.md", 1),
    ("models.md", 2),
}
METHOD = ("extending.md", 0)  # has a test of its own
EXAMPLES = [
    pytest.param(*one, marks=() if one in QUICK else pytest.mark.slow)
    for page, count in SHOWN.items()
    for one in ((page, number) for number in range(count))
    if one != METHOD
]


def blocks(page):
    return FENCED.findall((DOCS / page).read_text())


def executed(page, number):
    """The names that an example leaves."""
    names = {"__name__": "example"}
    block = blocks(page)[number]
    for library in OPTIONAL:
        if f"import {library}\n" in block:
            pytest.importorskip(library)
    code = compile(block, f"{page}, example {number}", "exec")
    exec(code, names)
    return names


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: str(page.relative_to(ROOT))
)
def test_what_a_page_links_to_is_there(page):
    links = LINK.findall(CODE.sub("", page.read_text()))
    assert [to for to in links if not (page.parent / to).exists()] == []


@pytest.mark.parametrize(("page", "number"), EXAMPLES)
def test_each_example_is_complete(page, number):
    executed(page, number)


@pytest.mark.parametrize("page", SHOWN)
def test_no_example_is_left_out(page):
    assert len(blocks(page)) == SHOWN[page]


@pytest.mark.parametrize("page", [*SHOWN, "../README.md"])
def test_no_example_is_wider_than_a_page(page):
    assert max(map(len, "".join(blocks(page)).splitlines())) <= 84


@pytest.mark.parametrize("page", [*SHOWN, "../README.md"])
def test_each_example_imports_keras_mpl_before_tensorflow_loads(page):
    for block in blocks(page):
        first = re.search(r"^(?:import|from) (\w+)", block, re.M)
        assert first[1] == "keras_mpl"


def test_the_method_that_the_page_adds_logs_its_parts_and_is_kept_whole():
    names = executed(*METHOD)
    logged = names["history"].history
    assert {*names["model"].parts, "val_accuracy"} <= {*logged}
    assert names["restored"].get_config().keys() == (
        names["model"].get_config().keys()
    )


def test_examples_of_extensions_use_public_names_alone():
    text = "".join(blocks("extending.md"))
    modules = re.findall(r"^(?:from|import) (keras_mpl\S*)", text, re.M)
    assert {*modules} == {"keras_mpl"}
    assert not re.search(r"\b(?!self\b)\w+\._(?!replace\b)[a-z]", text)


@pytest.fixture(scope="module")
def prose():
    pages = [ROOT / "README.md", *DOCS.rglob("*.md")]
    return "\n".join(page.read_text() for page in pages)


def test_the_commands_and_recipes_that_pages_name_are_there(prose):
    called = re.findall(r"keras-mpl ([a-z]+)(?: ([a-z]\w+))?", prose)
    assert {command for command, _ in called} <= {*COMMANDS}
    named = {recipe for command, recipe in called if command in ("run", "show")}
    assert len(named) > 5
    assert named - {""} <= {*recipes.RECIPES}


def test_the_settings_that_pages_name_are_there(prose):
    known = set()
    for recipe in recipes.RECIPES.values():
        known |= {*recipes.settings(recipe)}
    groups = "views|model|method|student|teacher|stages"
    # With a value it is an override: `data.pair` and `model.fit` are not.
    named = re.findall(rf"[`\s]((?:data|{groups})\.\w+)=", prose)
    assert len({*named}) > 30
    assert {*named} <= known
