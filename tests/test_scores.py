"""Top-1, top-5 and ReaL, by hand."""

import json

import numpy as np
import pytest

from keras_mpl import data
from keras_mpl import report

# Four images; the best six classes of each, and its label.
BEST = np.array(
    [
        [7, 1, 2, 3, 4, 5],  # first
        [1, 2, 3, 4, 7, 5],  # fifth
        [1, 2, 3, 4, 5, 7],  # sixth
        [7, 0, 1, 2, 3, 4],  # first
    ]
)
LABELS = np.array([7, 7, 7, 7])
REAL = [{7, 8}, {1}, {9}, set()]  # right, right, wrong, left out


def test_top_1_and_top_5_and_real_by_hand():
    found = report.scores(BEST, LABELS, REAL)
    assert found == {
        "accuracy": 2 / 4,
        "top_5_accuracy": 3 / 4,
        "real_accuracy": pytest.approx(2 / 3),
    }


def test_classes_alone_have_top_1_alone():
    assert report.scores(BEST[:, 0], LABELS) == {"accuracy": 0.5}


def test_real_of_nothing_is_not_a_number():
    assert np.isnan(report.real_accuracy(np.array([1]), [set()]))


def write(path, sets):
    path.write_text(json.dumps(sets))
    return path


def test_real_labels_are_found_by_the_number_in_the_name(tmp_path):
    path = write(tmp_path / "real.json", [[3], [], [1, 2]])
    names = [f"ILSVRC2012_val_{n:08d}.JPEG" for n in (3, 1, 2)]
    assert data.read_real_labels(path, names) == ({1, 2}, {3}, frozenset())


@pytest.mark.parametrize(
    ("text", "names", "words"),
    [
        ("[[1]]", None, "images that have file names"),
        ("[[1]]", ["ILSVRC2012_val_00000002.JPEG"], "with 1 of them, without"),
        ("[1]", [], "a list of class ids per image"),
        ("no", [], "a list of class ids per image"),
    ],
)
def test_a_file_that_does_not_fit_is_one_line(tmp_path, text, names, words):
    path = tmp_path / "real.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=words) as caught:
        data.read_real_labels(path, names)
    assert "Received: " in str(caught.value)
    assert "\n" not in str(caught.value)
