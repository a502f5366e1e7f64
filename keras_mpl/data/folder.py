"""A user's own images: folders with a class each, or a CSV of paths.

Every file is decoded once, before any training, in threads. What can not be
read is skipped, counted and listed, and fatal only past a share. Pillow
decodes: any size, any mode, grey or colour, JPEG, PNG, WebP and more.
"""

import csv
import dataclasses
import os
import pathlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif")
_MAX_BYTES = 4 << 30


@dataclasses.dataclass(frozen=True, eq=False)
class Files:
    """Image files, and what they are labelled with.

    Attributes:
        paths: One per image.
        labels: Class ids, or None where nothing is labelled.
        class_names: Sorted; a label is a place in it.
    """

    paths: tuple[pathlib.Path, ...]
    labels: tuple[int, ...] | None
    class_names: tuple[str, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Images:
    """Decoded images of one size.

    Attributes:
        images: uint8, shape `(num, size, size, channels)`.
        labels: int32, shape `(num,)`, or None.
        class_names: A label is a place in it.
        skipped: Per file that could not be read its path and the reason.
    """

    images: np.ndarray
    labels: np.ndarray | None
    class_names: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]


def find_files(path: str | os.PathLike[str], *, is_labeled: bool) -> Files:
    """Lists the images of a folder or of a CSV file, in a fixed order.

    In a folder, each of its own sub-folders is a class, and images may lie
    deeper; unlabelled ones may lie anywhere. A CSV file has a header with
    `path`, relative to the file, and `label`.

    Args:
        path: Folder, or CSV file.
        is_labeled: Whether labels are wanted.

    Returns:
        The files.

    Raises:
        ValueError: If there is no such thing, no images are in it, or fewer
            than two classes.
    """
    root = pathlib.Path(path).expanduser()
    if root.suffix.lower() == ".csv" and root.is_file():
        pairs = _in_csv(root, is_labeled)
    elif root.is_dir():
        pairs = [
            (found, found.relative_to(root).parts[0])
            for found in sorted(root.rglob("*"))
            if found.suffix.lower() in SUFFIXES and found.is_file()
        ]
    else:
        raise ValueError(
            "the data must be a folder or a CSV file that exists. "
            f"Received: {root}"
        )
    if not pairs:
        raise ValueError(
            f"the data must hold images ({', '.join(SUFFIXES)}). "
            f"Received: none in {root}"
        )
    paths = tuple(found for found, _ in pairs)
    if not is_labeled:
        return Files(paths, None, ())
    strays = [found for found, name in pairs if found.name == name]
    if root.is_dir() and strays:
        raise ValueError(
            "labelled images must lie in a folder of their class. "
            f"Received: {len(strays)} beside the folders, first {strays[0]}"
        )
    names = tuple(sorted({name for _, name in pairs}))
    if len(names) < 2:
        raise ValueError(
            "labelled images must be of two classes or more, a folder each. "
            f"Received: {', '.join(names)} in {root}"
        )
    number = {name: i for i, name in enumerate(names)}
    return Files(paths, tuple(number[name] for _, name in pairs), names)


def _in_csv(
    file: pathlib.Path, is_labeled: bool
) -> list[tuple[pathlib.Path, str]]:
    with file.open(newline="") as lines:
        reader = csv.DictReader(lines)
        needed = {"path", "label"} if is_labeled else {"path"}
        header = reader.fieldnames or []
        if not needed <= set(header):
            raise ValueError(
                f"the first line of a CSV must name {sorted(needed)}. "
                f"Received: {','.join(header)!r} in {file}"
            )
        rows = []
        for row in reader:
            label = (row.get("label") or "").strip()
            if not row["path"] or (is_labeled and not label):
                raise ValueError(
                    "every line of a CSV must have all its fields. "
                    f"Received: line {reader.line_num} of {file}"
                )
            rows.append((file.parent / row["path"], label))
    return rows


def read_images(
    files: Files,
    *,
    size: int,
    channels: int = 3,
    max_corrupt: float = 0.05,
) -> Images:
    """Decodes image files into memory, each resized to a square.

    The middle square of an image is taken, and averaged or interpolated
    (bicubic, antialiased) to `size`.

    Args:
        files: What to read.
        size: Height and width of the result, in pixels.
        channels: 1 or 3.
        max_corrupt: Fraction of the files that may be unreadable.

    Returns:
        The images that could be read, and what could not.

    Raises:
        ValueError: If more than that can not be read, or the images need
            more memory than 4 GiB; records are for those.
    """
    needed = len(files.paths) * size * size * channels
    if needed > _MAX_BYTES:
        raise ValueError(
            f"{len(files.paths)} images of {size} x {size} must fit into "
            f"{_MAX_BYTES >> 30} GiB; write them to TFRecord files and use "
            f"`data.records`. Received: {needed / 2**30:.1f} GiB"
        )

    def one(path: pathlib.Path) -> np.ndarray | str:
        try:
            return _read(path, size, channels)
        except Exception as error:  # Pillow raises many kinds for a bad file
            return str(error) or type(error).__name__

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        read = list(pool.map(one, files.paths))
    good = [i for i, image in enumerate(read) if not isinstance(image, str)]
    skipped = tuple(
        (str(path), reason)
        for path, reason in zip(files.paths, read, strict=True)
        if isinstance(reason, str)
    )
    _check_share(skipped, len(read), max_corrupt)
    labels = None
    if files.labels is not None:
        labels = np.asarray([files.labels[i] for i in good], np.int32)
    images = np.stack([read[i] for i in good])
    return Images(images, labels, files.class_names, skipped)


def _check_share(
    skipped: Sequence[tuple[str, str]], count: int, max_corrupt: float
) -> None:
    if len(skipped) > max_corrupt * count or len(skipped) == count:
        path, reason = skipped[0]
        raise ValueError(
            f"at most a share of {max_corrupt} of the images may be "
            f"unreadable. Received: {len(skipped)} of {count}, first {path} "
            f"({reason})"
        )


def _read(path: pathlib.Path, size: int, channels: int) -> np.ndarray:
    with Image.open(path) as file:
        file.draft(None, (2 * size, 2 * size))  # JPEG: decode no more
        image: Image.Image = file
        if file.mode.startswith("I"):  # 16 bits
            values = np.asarray(file).clip(0, 2**16 - 1) // 2**8
            image = Image.fromarray(values.astype(np.uint8))
        elif "transparency" in file.info or file.mode in ("RGBA", "LA", "PA"):
            image = file.convert("RGBA")
            image = Image.alpha_composite(
                Image.new("RGBA", image.size, (128, 128, 128, 255)), image
            )
        image = image.convert("L" if channels == 1 else "RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    image = image.resize((size, size), Image.Resampling.BICUBIC, box)
    return np.asarray(image, np.uint8).reshape(size, size, channels)
