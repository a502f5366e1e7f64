"""Decision regions cover the points, and stars are the labelled ones."""

import numpy as np
from matplotlib import colors

from keras_mpl import report
from keras_mpl.report import figures

POINTS = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0], [2.0, 1.0]])
LABELS = np.array([0, 1, 0, 1])


def is_upper(positions):
    return (positions[:, 1] > 0.5).astype(int)


def test_regions_reach_a_margin_beyond_the_points():
    asked = []

    def classify(positions):
        asked.append(positions)
        return np.zeros(len(positions), int)

    regions = report.decision_regions(classify, POINTS)
    [positions] = asked
    assert positions.dtype == np.float32
    assert regions.size == len(positions)
    np.testing.assert_allclose(positions.min(0), [-0.35, -0.35], rtol=1e-6)
    np.testing.assert_allclose(positions.max(0), [2.35, 1.35], rtol=1e-6)


def test_rows_go_up_and_columns_to_the_right():
    upper = report.decision_regions(is_upper, POINTS)
    np.testing.assert_array_equal(upper[0], 0)
    np.testing.assert_array_equal(upper[-1], 1)
    right = report.decision_regions(lambda p: p[:, 0] > 1, POINTS)
    assert not right[:, 0].any()
    assert right[:, -1].all()


def test_a_figure_has_a_panel_per_network_with_its_regions():
    regions = report.decision_regions(is_upper, POINTS)
    panels = {"first": regions, "second": 1 - regions}
    figure = report.plane(panels, POINTS, LABELS, np.array([0]), title="t")
    assert [axes.get_title() for axes in figure.axes] == ["first", "second"]
    assert figure.get_suptitle() == "t"
    for axes, expected in zip(figure.axes, panels.values(), strict=True):
        [image] = axes.images
        np.testing.assert_array_equal(image.get_array(), expected)
        assert image.origin == "lower"
        np.testing.assert_allclose(
            image.get_extent(), (-0.35, 2.35, -0.35, 1.35)
        )


def test_stars_are_the_labelled_points_in_the_colour_of_their_class():
    regions = report.decision_regions(is_upper, POINTS)
    figure = report.plane({"a": regions}, POINTS, LABELS, np.array([2, 3]))
    [axes] = figure.axes
    found = [
        (collection.get_sizes()[0], collection.get_offsets().tolist())
        for collection in axes.collections
    ]
    assert found == [
        (5, [[0, 0], [0, 1]]),
        (190, [[0, 1]]),
        (5, [[2, 0], [2, 1]]),
        (190, [[2, 1]]),
    ]
    used = [c.get_facecolor()[0][:3] for c in axes.collections]
    first, second = (colors.to_rgb(c) for c in (figures.ORANGE, figures.BLUE))
    np.testing.assert_allclose(used, [first, first, second, second])
