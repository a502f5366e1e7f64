"""Small pictures of examples are bounded, and read back as they are."""

import io

import numpy as np
import pytest
from PIL import Image

from keras_mpl.report import examples


@pytest.mark.parametrize(
    ("shape", "kind", "size"),
    [
        ((8, 8, 1), "PNG", (8, 8)),
        ((32, 32, 3), "PNG", (32, 32)),
        ((224, 112, 3), "JPEG", (48, 96)),
    ],
)
def test_an_example_is_a_small_picture(tmp_path, shape, kind, size):
    images = np.random.default_rng(0).random((2, *shape))
    examples.write_examples(tmp_path, "test", [3, 12], images)
    assert examples.read_example(tmp_path, "test", 4) is None
    assert examples.read_example(tmp_path, "validation", 3) is None
    content = examples.read_example(tmp_path, "test", 12)
    with Image.open(io.BytesIO(content)) as picture:
        assert (picture.format, picture.size) == (kind, size)
        if kind == "PNG":
            drawn = np.asarray(picture).reshape(shape)
            np.testing.assert_array_equal(drawn, np.round(255 * images[1]))


def test_a_huge_file_in_the_place_of_an_example_is_not_read(tmp_path):
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "test-0.png").write_bytes(bytes(200_000))
    assert examples.read_example(tmp_path, "test", 0) is None
