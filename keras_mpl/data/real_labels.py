"""ReaL labels of ImageNet's validation images (arXiv:2006.07159).

Every image has a set of labels, which can be empty. The file is `real.json`
of github.com/google-research/reassessed-imagenet; whoever tests supplies it.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

_NAME = "ILSVRC2012_val_{:08d}.JPEG"  # entry n of the file is image n + 1


def read_real_labels(
    path: str | os.PathLike[str], names: Sequence[str] | None
) -> tuple[frozenset[int], ...]:
    """Reads the sets of labels of some images.

    Args:
        path: The file: a JSON list with one list of class ids per image, in
            the order of the images' numbers.
        names: File names of the images, such as
            `ILSVRC2012_val_00000001.JPEG`.

    Returns:
        Per image the set of its labels.

    Raises:
        ValueError: If the file is no such list, an image is not in it, or
            the images have no names.
    """
    if names is None:
        raise ValueError(
            "`real_labels` must go with images that have file names. "
            f"Received: {path} for images without names"
        )
    try:
        listed = json.loads(Path(path).read_text())
        sets = [frozenset(map(int, labels)) for labels in listed]
    except (OSError, TypeError, ValueError) as error:
        raise ValueError(
            "`real_labels` must be a JSON list with a list of class ids per "
            f"image. Received: {path} ({error})"
        ) from error
    known = {_NAME.format(n): labels for n, labels in enumerate(sets, start=1)}
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(
            f"`real_labels` must have all images. Received: {path} with "
            f"{len(sets)} of them, without {missing[0]}"
        )
    return tuple(known[name] for name in names)
