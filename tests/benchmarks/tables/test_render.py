"""A page gets the tables that it has places for, and keeps the rest."""

import pytest

from benchmarks.common import folders
from benchmarks.tables import figures
from benchmarks.tables import markdown
from benchmarks.tables import render

PAGE = """before
<!-- results:one -->
old
<!-- /results -->
after
"""


def test_a_page_gets_its_tables_and_keeps_the_rest():
    tables = {
        "one": lambda: "see [records](benchmarks/results)",
        "other": lambda: pytest.fail("it has no place on the page"),
    }
    expected = PAGE.replace("old", "see [records](../benchmarks/results)")
    assert render.filled(PAGE, tables, up="../") == expected


@pytest.fixture
def page(monkeypatch, tmp_path):
    monkeypatch.setattr(folders, "ROOT", tmp_path)
    tables = {"page.md": {"one": lambda: "new"}}
    monkeypatch.setattr(render, "pages", lambda: tables)
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


def test_a_stale_page_fails_the_check_and_is_left_as_it_is(page, monkeypatch):
    monkeypatch.setattr(figures, "is_check", lambda: True)
    with pytest.raises(SystemExit, match=r"page.md is stale"):
        render.main([])
    assert page.read_text() == PAGE


def test_a_page_that_was_rendered_passes_the_check(page, monkeypatch):
    render.main([])
    assert page.read_text() == PAGE.replace("old", "new")
    monkeypatch.setattr(figures, "is_check", lambda: True)
    render.main([])


def test_columns_lean_as_they_are_asked_to():
    rows = [("a", "b", "1")]
    table = markdown.table(("x", "y", "z"), rows, "A note.", left=(0, 1))
    assert table == ("| x | y | z |\n|---|---|---:|\n| a | b | 1 |\n\nA note.")
