"""Decodes the files of a data set into memory, before any training."""

import dataclasses
import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from keras_mpl.data import decode
from keras_mpl.data import names
from keras_mpl.data.folders.finding import Files

_MAX_BYTES = 4 << 30


@dataclasses.dataclass(frozen=True, eq=False)
class Images:
    """Decoded images of one size.

    Attributes:
        images: uint8, shape `(num, size, size, channels)`.
        labels: int32, shape `(num,)`, or None.
        class_names: A label is a place in it.
        skipped: Per file that could not be read its path and the reason.
        paths: Of the images.
        digests: What two images share whose files have the same bytes.
        ignored: What is no image, by ending, and how often.
        notes: What a person should know, a line each.
    """

    images: np.ndarray
    labels: np.ndarray | None
    class_names: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    paths: tuple[Path, ...] = ()
    digests: tuple[bytes, ...] = ()
    ignored: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Tells these images from all others, in 12 hex digits.

        It is of the files' bytes, of the labels, and of the order of both.
        """
        labels = b"" if self.labels is None else self.labels.tobytes()
        found = hashlib.sha256(b"".join(self.digests))
        found.update(labels)
        return found.hexdigest()[:12]


def read_images(
    files: Files,
    *,
    size: int,
    channels: int = 3,
    max_corrupt: float = 0.05,
) -> Images:
    """Decodes image files into memory, each as `decode.read_image` does.

    Every file is decoded once, in threads. What cannot be read is skipped,
    counted and listed, and fatal only past a share.

    Args:
        files: What to read.
        size: Height and width of the result, in pixels.
        channels: 1 or 3.
        max_corrupt: Fraction of the files that may be unreadable.

    Returns:
        The images that could be read, and what could not.

    Raises:
        ValueError: If more than that can not be read, or nothing of a class,
            or the images need more memory than 4 GiB; records are for those.
    """
    needed = len(files.paths) * size * size * channels
    if needed > _MAX_BYTES:
        raise ValueError(
            f"{len(files.paths)} images of {size} x {size} must fit into "
            f"{_MAX_BYTES >> 30} GiB; write them to TFRecord files and use "
            f"`data.records`. Received: {needed / 2**30:.1f} GiB"
        )

    def one(path: Path) -> tuple[np.ndarray, bytes] | str:
        try:
            content = decode.content_of(path)
            image = decode.image_of(content, size=size, channels=channels)
        except Exception as error:  # Pillow raises many kinds for a bad file
            return names.printable(error) or type(error).__name__
        return image, hashlib.blake2b(content, digest_size=16).digest()

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        read = list(pool.map(one, files.paths))
    skipped = tuple(
        (str(path), reason + (f", {files.lines[i]}" if files.lines else ""))
        for i, (path, reason) in enumerate(zip(files.paths, read, strict=True))
        if isinstance(reason, str)
    )
    _check_share(skipped, len(read), max_corrupt)
    good = [i for i, image in enumerate(read) if not isinstance(image, str)]
    labels = None
    if files.labels is not None:
        labels = np.asarray([files.labels[i] for i in good], np.int32)
        _check_classes(files, labels, skipped)
    parts = [part for part in read if not isinstance(part, str)]
    digests = tuple(digest for _, digest in parts)
    paths = tuple(files.paths[i] for i in good)
    return Images(
        np.stack([image for image, _ in parts]),
        labels,
        files.class_names,
        skipped,
        paths=paths,
        digests=digests,
        ignored=files.ignored,
        notes=(*files.notes, *_contradictions(files, labels, paths, digests)),
    )


def _check_share(
    skipped: Sequence[tuple[str, str]], count: int, max_corrupt: float
) -> None:
    if len(skipped) > max_corrupt * count or len(skipped) == count:
        path, reason = skipped[0]
        raise ValueError(
            f"at most a share of {max_corrupt} of the images may be "
            f"unreadable (`max_corrupt`). Received: {len(skipped)} of "
            f"{count}, first {names.printable(path)} ({reason})"
        )


def _check_classes(
    files: Files, labels: np.ndarray, skipped: Sequence[tuple[str, str]]
) -> None:
    """Raises with the first class of which nothing could be read."""
    counts = np.bincount(labels, minlength=len(files.class_names))
    if counts.all():
        return
    lost = int(np.argmin(counts))
    known = dict(skipped)
    path = next(
        str(path)
        for path, label in zip(files.paths, files.labels or (), strict=True)
        if label == lost
    )
    raise ValueError(
        "every class must have an image that can be read. Received: none of "
        f"{files.class_names[lost]}, first {names.printable(path)} "
        f"({known[path]})"
    )


def _contradictions(
    files: Files,
    labels: np.ndarray | None,
    paths: Sequence[Path],
    digests: Sequence[bytes],
) -> tuple[str, ...]:
    """Says which files have the same bytes and two labels."""
    if labels is None:
        return ()
    first: dict[bytes, int] = {}
    twins = [
        (first[digest], i)
        for i, digest in enumerate(digests)
        if labels[first.setdefault(digest, i)] != labels[i]
    ]
    if not twins:
        return ()
    one, other = twins[0]
    said = " and ".join(
        f"{names.printable(paths[i])} ({files.class_names[labels[i]]})"
        for i in (one, other)
    )
    return (
        f"{len(twins)} images are in two classes with the same bytes, "
        f"first {said}",
    )
