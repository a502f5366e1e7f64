"""A name from outside becomes a path, or is shown, where it is harmless."""

import ntpath
import types

import pytest

from keras_mpl import names

BAD = (
    "",
    ".",
    "..",
    ".hidden",
    "../victim",
    "../../victim",
    "/etc",
    "a/b",
    "a\\b",
    "a\nb",
    "a\0b",
    "\x1b[31m",
    "a\u202eb",
    "\udcff",
    "x" * 201,
    "é" * 101,
)


@pytest.mark.parametrize("name", BAD)
def test_a_name_that_could_lead_elsewhere_is_no_part_of_a_path(name):
    with pytest.raises(ValueError, match="`name` must be") as error:
        names.as_part(name, "name")
    assert str(error.value).isprintable()


@pytest.mark.parametrize("name", ["digits_20", "my recipe (v2)", "猫", "a..b"])
def test_any_other_name_is(tmp_path, name):
    (tmp_path / names.as_part(name, "name")).mkdir()
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("text", [*BAD, "plain é猫"])
def test_what_is_printed_is_one_line_without_escape_codes(text):
    assert names.printable(text).isprintable()
    assert names.printable("plain é猫") == "plain é猫"


@pytest.mark.parametrize(
    ("path", "is_inside"),
    [("C:\\a\\b.png", True), ("C:\\ab.png", False), ("D:\\a\\b.png", False)],
)
def test_another_drive_is_outside(monkeypatch, path, is_inside):
    monkeypatch.setattr(names, "os", types.SimpleNamespace(path=ntpath))
    assert names.is_inside(path, "C:\\a") is is_inside
