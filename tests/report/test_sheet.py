"""The contact sheet keeps the views of one example under each other."""

import numpy as np

from keras_mpl import report


def means(row):
    return [axes.images[0].get_array().mean() for axes in row if axes.images]


def sheet(num_labeled, num_views, **options):
    count = max(num_labeled, num_views)
    values = np.linspace(0, 1, count).reshape(count, 1, 1, 1)
    images = values * np.ones((count, 4, 4, 1))
    figure = report.contact_sheet(
        images[:num_labeled],
        [f"class {i}" for i in range(num_labeled)],
        {"weak": images[:num_views], "strong": 1 - images[:num_views]},
        title="t",
        **options,
    )
    columns = options.get("columns", 12)
    return [
        figure.axes[i : i + columns]
        for i in range(0, len(figure.axes), columns)
    ]


def test_rows_of_labelled_images_come_first_with_their_names():
    rows = sheet(3, 4, columns=2)
    assert [row[0].get_ylabel() for row in rows] == [
        *("labelled", "labelled"),
        *("weak", "strong", "weak", "strong"),
    ]
    titles = [[axes.get_title() for axes in row] for row in rows]
    assert titles[:2] == [["class 0", "class 1"], ["class 2", ""]]
    assert titles[2:] == [["", ""]] * 4


def test_views_of_one_example_are_under_each_other():
    rows = sheet(3, 16, columns=8)
    weak, strong, later_weak, later_strong = map(means, rows[1:])
    np.testing.assert_allclose(np.add(weak, strong), 1)
    np.testing.assert_allclose(np.add(later_weak, later_strong), 1)
    assert weak == sorted(weak)
    assert later_weak[0] > weak[-1]


def test_places_without_an_image_are_empty():
    rows = sheet(3, 4, columns=2)
    assert [len(means(row)) for row in rows] == [2, 1, 2, 2, 2, 2]
    assert not rows[1][1].axison


def test_colour_images_keep_their_three_channels():
    images = np.zeros((1, 4, 4, 3))
    images[..., 0] = 1
    figure = report.contact_sheet(
        images, ["red"], {"weak": images}, title="t", columns=1
    )
    for axes in figure.axes:
        np.testing.assert_array_equal(axes.images[0].get_array(), images[0])
    assert len(figure.axes) == 2
