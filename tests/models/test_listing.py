"""The table of networks has one line each, counted when it is read."""

import pytest

from keras_mpl.models import MODELS
from keras_mpl.models import listing
from keras_mpl.models.inspection import Size

SIZE = Size(1_234_567, 89_000_000, (32, 32, 3), (10,))


def test_a_line_has_name_size_and_source():
    heading, line = listing.table(["wrn_28_2"], lambda name: SIZE)
    assert heading.split() == [
        *("name", "parameters", "multiply-adds"),
        *("input", "classes", "source"),
    ]
    assert line.split("  ")[0] == "wrn_28_2"
    assert line.split()[1:] == [
        *("1,234,567", "89,000,000"),
        *("32", "x", "32", "x", "3", "10", "arXiv:1605.07146"),
    ]
    for column in ("parameters", "multiply-adds", "input", "classes"):
        assert line[heading.index(column) + len(column)] == " ", column


def test_a_network_without_a_default_size_has_none():
    _, line = listing.table(["mlp"], lambda name: None)
    name, _, source = line.partition("  ")
    assert (name, source.strip()) == ("mlp", listing.source("mlp"))


def test_a_network_is_counted_when_its_line_is_read():
    counted = []

    def measure(name):
        counted.append(name)
        return SIZE

    lines = listing.table(["wrn_10_1", "wrn_28_2"], measure)
    next(lines)
    assert counted == []
    next(lines)
    assert counted == ["wrn_10_1"]


@pytest.mark.parametrize("name", MODELS)
def test_every_network_has_a_source(name):
    assert "arXiv:" in listing.source(name) or name == "mlp"


def test_a_source_of_its_own_comes_before_that_of_the_family():
    assert listing.source("wrn_28_8") == "arXiv:1605.07146"
    assert "k = 135" in listing.source("wrn_28_large")
    with pytest.raises(KeyError):
        listing.source("vgg_16")
