"""A figure is stale if it plots something else, however its pixels differ."""

import pytest
from matplotlib.figure import Figure

from benchmarks.tables import figures


def plot(values, size=(2, 2), title=""):
    figure = Figure(figsize=size)
    axes = figure.subplots()
    axes.plot(values)
    axes.set_title(title)
    return figure


@pytest.fixture
def drawn(tmp_path):
    path = tmp_path / "figure.png"
    figures.save(plot([1, 2, 3]), path)
    return path


def test_the_same_plot_at_another_size_is_not_stale(drawn, monkeypatch):
    monkeypatch.setattr(figures, "is_check", lambda: True)
    before = drawn.read_bytes()
    figures.save(plot([1, 2, 3], size=(3, 3)), drawn)
    assert drawn.read_bytes() == before


@pytest.mark.parametrize(
    "changed", [{"values": [1, 2, 4]}, {"values": [1, 2, 3], "title": "new"}]
)
def test_another_line_or_text_is_stale(drawn, monkeypatch, changed):
    monkeypatch.setattr(figures, "is_check", lambda: True)
    with pytest.raises(SystemExit, match="is stale"):
        figures.save(plot(**changed), drawn)
