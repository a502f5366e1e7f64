"""ReaL labels are found by the number in an image's name."""

import json

import pytest

from keras_mpl import data


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
