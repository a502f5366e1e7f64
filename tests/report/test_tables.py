"""Tables for Markdown and for a terminal have the same cells."""

import pytest

from keras_mpl.report import tables

HEADER = ["recipe", "test", "s"]
ROWS = [["mpl", "83.6 %", "7"], ["supervised", "", "12"]]


def test_markdown_aligns_all_columns_but_the_first_to_the_right():
    assert tables.markdown(HEADER, ROWS).splitlines() == [
        "| recipe | test | s |",
        "|---|---:|---:|",
        "| mpl | 83.6 % | 7 |",
        "| supervised |  | 12 |",
    ]


def test_aligned_columns_are_as_wide_as_their_widest_cell():
    assert tables.aligned(HEADER, ROWS).splitlines() == [
        "recipe        test   s",
        "mpl         83.6 %   7",
        "supervised          12",
    ]


def test_a_table_without_rows_is_its_header():
    assert tables.aligned(HEADER, []) == "recipe  test  s"
    assert tables.markdown(HEADER, []).count("\n") == 1


def test_rows_of_another_length_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        tables.aligned(HEADER, [["mpl"]])


@pytest.mark.parametrize(
    ("fraction", "expected"),
    [(None, ""), (0.0, "0.0 %"), (0.12345, "12.3 %"), (1.0, "100.0 %")],
)
def test_percentages_have_one_decimal(fraction, expected):
    assert tables.percent(fraction) == expected
