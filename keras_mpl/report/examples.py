"""Small pictures of examples in a run folder, for the page of the run.

`examples/` has a file per example, such as `test-12.png`: the set, and the
place in it. They are bounded in size and number, and no picture is read back.
"""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from keras_mpl.report.folder import replace_bytes

_FOLDER = "examples"
_SIZE = 96  # pixels of the longer side
_SMALL = 48  # up to which PNG takes no more room than JPEG
_MAX_BYTES = 100_000  # of a file that somebody else may have put there


def write_examples(
    folder: Path, part: str, rows: Sequence[int], images: np.ndarray
) -> None:
    """Writes small pictures of some examples.

    Args:
        folder: The run folder.
        part: `validation` or `test`.
        rows: Their places in it.
        images: Values in `[0, 1]`, shape `(num, height, width, channels)`.
    """
    (folder / _FOLDER).mkdir(exist_ok=True)
    for row, image in zip(rows, images, strict=True):
        content, ending = _encoded(image)
        replace_bytes(folder / _FOLDER / f"{part}-{row}.{ending}", content)


def read_example(folder: str | Path, part: str, row: int) -> bytes | None:
    """Returns the content of the picture of an example, if there is one.

    Args:
        folder: The run folder.
        part: `validation` or `test`.
        row: Its place in it.
    """
    for ending in ("png", "jpg"):
        path = Path(folder) / _FOLDER / f"{part}-{row}.{ending}"
        if path.is_file() and path.stat().st_size <= _MAX_BYTES:
            return path.read_bytes()
    return None


def _encoded(image: np.ndarray) -> tuple[bytes, str]:
    pixels = np.round(255 * np.clip(image, 0, 1)).astype(np.uint8)
    if pixels.shape[-1] == 1:
        pixels = pixels[..., 0]
    picture = Image.fromarray(pixels)
    is_small = max(picture.size) <= _SMALL
    if not is_small:
        picture.thumbnail((_SIZE, _SIZE))
    content = io.BytesIO()
    picture.save(content, "PNG" if is_small else "JPEG", quality=85)
    return content.getvalue(), "png" if is_small else "jpg"
