"""The figures of a run show every recipe, and what is wrong."""

import itertools
import sys

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from keras_mpl import report
from keras_mpl.report import figures

NAMES = ("a_supervised", "a_none", "a")


def _records(steps=(10, 20), networks=("", "student_", "teacher_")):
    return [
        {"recipe": name, "step": step, "seconds": 1.0}
        | {f"val_{network}accuracy": 0.5 for network in networks}
        for name in NAMES
        for step in steps
    ]


@pytest.mark.parametrize(
    ("networks", "lines"),
    [(("", "student_", "teacher_"), 3), (("", "student_"), 2)],
)
def test_curves_show_every_recipe_and_network_and_the_chance_level(
    networks, lines
):
    figure = report.curves(_records(networks=networks), "a", num_classes=4)
    left, right = figure.axes
    legends = [
        [text.get_text() for text in axes.get_legend().get_texts()]
        for axes in (left, right)
    ]
    assert legends[0][:-1] == [f"{name}: 50.0 %" for name in NAMES]
    assert len(legends[1]) == lines + 1
    for axes, names in zip((left, right), legends, strict=True):
        assert "steps" in axes.get_xlabel()
        assert names[-1] == "guessing among 4 classes: 25.0 %"
        assert not axes.texts  # which might lie over a curve
    colors = [line.get_color() for line in left.get_lines()]
    assert len(set(colors)) == len(colors) == 4


def test_the_line_to_compare_with_is_the_most_frequent_class_if_known():
    figure = report.curves(_records(), "a", num_classes=4, largest_class=0.34)
    for axes in figure.axes:
        line = axes.get_lines()[-1]
        assert line.get_label() == "always the most frequent class: 34.0 %"
        assert set(line.get_ydata()) == {0.34}


def test_every_class_has_rows_of_its_own_if_asked():
    labels = np.array([1, 0, 2, 1, 1, 1])
    figure = report.samples(
        np.zeros((6, 8, 8, 1), np.float32),
        labels,
        {"student": labels},
        title="t",
        columns=3,
        by_class=True,
    )
    titles = [
        axes.get_title()[-1] if axes.axison else "-" for axes in figure.axes
    ]
    assert "".join(titles) == "0--" + "111" + "1--" + "2--"


def test_samples_mark_what_is_wrong():
    images = np.zeros((9, 8, 8, 1), np.float32)
    labels = np.arange(9)
    student = np.where(labels == 3, 7, labels)
    teacher = np.where(labels == 4, 0, labels)
    figure = report.samples(
        images, labels, {"teacher": teacher, "student": student}, title="t"
    )
    marked = {
        (i, text.get_text())
        for i, axes in enumerate(figure.axes)
        for text in axes.texts
        if text.get_color() == figures.ORANGE
    }
    assert marked == {(3, "student 7 ✗"), (4, "teacher 0 ✗")}
    assert figure.axes[3].spines["left"].get_edgecolor()[0] > 0.8
    assert not figure.axes[9].axison


def test_figures_are_drawn_without_pyplot_and_without_missing_glyphs(
    tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)  # no import
    images = np.zeros((2, 8, 8, 3), np.float32)
    wrong = {"student": np.ones(2)}
    samples = report.samples(images, np.zeros(2), wrong, title="t")
    curves = report.curves(_records(), "a", num_classes=10)
    for name, figure in {"samples": samples, "curves": curves}.items():
        path = tmp_path / f"{name}.png"
        figure.savefig(path)  # a missing glyph is a warning, so an error
        with Image.open(path) as drawn:
            colors = drawn.convert("RGB").getcolors(1 << 20)
        assert len(colors) > 10, name


def test_class_names_are_shortened_and_never_read_as_formulas():
    names = ("$cat$", "a name of many letters")
    figure = report.samples(
        np.zeros((1, 8, 8, 1), np.float32),
        np.array([0]),
        {"student": np.array([1])},
        title="t",
        class_names=names,
    )
    axes = figure.axes[0]
    assert axes.get_title() == "true $cat$"
    assert [text.get_text() for text in axes.texts] == [
        "student a name of man… ✗"
    ]
    assert not axes.title.get_parse_math()
    assert not axes.texts[0].get_parse_math()


def test_long_class_names_do_not_overlap_those_of_the_next_image():
    labels = np.array([0, 1, 0, 1, 0, 1, 0, 1])
    figure = report.samples(
        np.zeros((8, 8, 8, 1), np.float32),
        labels,
        {"teacher": labels, "student": 1 - labels},
        title="t",
        class_names=("mixed Letters, long", "another long name"),
    )
    FigureCanvasAgg(figure).draw()
    for line in range(2):
        boxes = [axes.texts[line].get_window_extent() for axes in figure.axes]
        for left, right in itertools.pairwise(boxes):
            assert left.x1 < right.x0
        assert boxes[0].x0 > 0
        assert boxes[-1].x1 < figure.bbox.x1
