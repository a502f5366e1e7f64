"""Names in the legend of a comparison are text, whatever they are made of."""

import pytest

from keras_mpl.report.html import charts

RECORDS = [{"step": 10, "val_accuracy": 0.5}, {"step": 20, "val_accuracy": 0.6}]


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are drawn."""
    figures = []

    def png(figure):
        figure.canvas.draw()
        figures.append(figure)
        return b""

    monkeypatch.setattr(charts, "_png", png)
    return figures


def _legend(figure):
    [axes] = figure.axes
    legend = axes.get_legend()
    return [text.get_text() for text in legend.get_texts()]


def test_a_name_is_neither_hidden_nor_a_formula(drawn):
    names = ["plain", "_first", "a$b$c", r"$\frac{$", "x_1^2"]
    charts.overlaid([(name, RECORDS) for name in names])
    assert _legend(drawn[0]) == names


def test_a_name_without_a_font_becomes_a_number(drawn):
    charts.overlaid([("plain", RECORDS), ("\U0010abcd", RECORDS)])
    assert _legend(drawn[0]) == ["plain", "run 2"]


def test_a_run_without_an_evaluation_has_no_line(drawn):
    charts.overlaid([("none", []), ("one", RECORDS)])
    assert _legend(drawn[0]) == ["one"]
    charts.overlaid([("none", [])])
    [axes] = drawn[1].axes
    assert axes.get_legend() is None
