"""Names of classes are drawn in any script, or classes have their numbers."""

import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib import rcParams

from keras_mpl import report
from keras_mpl.report import figures
from keras_mpl.report import fonts

NOWHERE = "\U0010abcd"  # for private use
CIRCLED = "Ⓐ"  # in a font that comes with Matplotlib, but not in its default


def samples(*names):
    labels = np.arange(len(names))
    return report.samples(
        np.zeros((len(names), 8, 8, 1), np.float32),
        labels,
        {"teacher": labels, "student": np.roll(labels, 1)},
        title="t",
        class_names=names,
    )


def said(figure):
    return [
        (axes.get_title(), *(text.get_text() for text in axes.texts))
        for axes in figure.axes
        if axes.axison
    ]


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_a_name_in_any_script_is_drawn_without_boxes(tmp_path, ending):
    names = (
        "猫",
        "カメ",
        "고양이",
        "हिन्दी",
        "قطة",
        "แมว",
        "🐈",
        "čáp",
        NOWHERE,
    )
    figure = samples(*names)
    figure.savefig(tmp_path / f"x.{ending}")  # a warning is an error
    for number, (title, *_) in enumerate(said(figure)):
        assert title in (f"true {names[number]}", f"true class {number}")


def test_a_name_that_no_font_has_is_the_number_of_its_class():
    assert said(samples("cat", f"dog {NOWHERE}")) == [
        ("true cat", "teacher cat", "student class 1 ✗"),
        ("true class 1", "teacher class 1", "student cat ✗"),
    ]


def test_letters_that_another_installed_font_has_are_drawn_in_it(tmp_path):
    figure = samples("cat", CIRCLED)
    assert said(figure)[1][0] == f"true {CIRCLED}"
    own, *others = figure.axes[1].title.get_fontfamily()
    assert own == rcParams["font.family"][0]
    assert len(others) == 1
    figure.savefig(tmp_path / "x.png")


def test_a_contact_sheet_has_numbers_for_names_that_no_font_has(tmp_path):
    images = np.zeros((3, 4, 4, 1))
    for labels, last in (((), "?"), (np.array([4, 0, 7]), 7)):
        figure = report.contact_sheet(
            images,
            ["cat", CIRCLED, NOWHERE],
            {"weak": images},
            title="t",
            columns=3,
            labels=labels,
        )
        titles = [axes.get_title() for axes in figure.axes[:3]]
        assert titles == ["cat", CIRCLED, f"class {last}"]
        figure.savefig(tmp_path / "x.png")


def test_no_font_is_opened_for_plain_names(monkeypatch):
    monkeypatch.setattr(font_manager, "get_font", None)
    own = list(rcParams["font.family"])
    assert fonts.shown(["cat", "$x_1$"], [0, 1]) == (["cat", "$x_1$"], own)


def test_a_font_that_cannot_be_opened_has_no_letters(tmp_path):
    (tmp_path / "damaged.ttf").write_bytes(b"x" * 100)
    for name in ("damaged.ttf", "gone.ttf"):
        assert not fonts._in_file(str(tmp_path / name), frozenset("a"))


def test_letters_that_a_system_takes_apart_are_put_together():
    assert fonts.shown(["cafe\u0301"], [0]).names == ["caf\u00e9"]


def test_wide_letters_count_twice_for_the_size_of_a_name():
    assert figures._size("猫" * 20) == figures._size("a" * 40)
