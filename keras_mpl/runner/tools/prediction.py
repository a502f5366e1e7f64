"""Classifies image files with the student of a finished run."""

import os
from collections import deque
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from typing import TypeAlias

import numpy as np

from keras_mpl import data
from keras_mpl import names
from keras_mpl import report
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import recorded
from keras_mpl.runner.tools import evaluation

# Of an image file: its path, the class, and the probability of the class.
Answer: TypeAlias = tuple[str, int, float]

_MOST_THREADS = 8  # that decode, each an image of any size


class Prediction(NamedTuple):
    """What a student says of an image file.

    Attributes:
        path: The file.
        labels: Its most probable classes, the most probable first.
        probs: Their probabilities, calibrated if the run folder has a
            `calibration.json`.
    """

    path: str
    labels: tuple[int, ...]
    probs: tuple[float, ...]


class Unread(NamedTuple):
    """A file that is no image that can be read.

    Attributes:
        path: The file, or what was given in its place.
        reason: Why.
    """

    path: str
    reason: str


class UnreadableImagesError(ValueError):
    """Some files are no images that can be read.

    Attributes:
        answers: What `predict` says of the other files.
        files: Path and reason of each file that could not be read.
    """

    def __init__(
        self, answers: Sequence[Answer], files: Sequence[tuple[str, str]]
    ) -> None:
        self.answers = [*answers]
        self.files = [*files]
        listed = ", ".join(
            names.printable(f"{path} ({reason})") for path, reason in files
        )
        super().__init__(
            f"`images` must be image files that can be read. Received: {listed}"
        )


class Predictions:
    """The predictions for many image files, made while one goes through them.

    A few batches are in memory at a time, however many files there are.

    Args:
        folder: A run folder.
        images: Files, folders, patterns and tables, as `data.find_given`
            reads them.
        top: How many classes to name per image.

    Attributes:
        total: How many files there are.
        ignored: What is no image in the folders, by ending, and how often.
        on_read: Called with the number of files read so far.

    Raises:
        ValueError: If the folder has no student of images, or other names
            than one for each of its classes, or `top` is no number of them.
    """

    def __init__(
        self,
        folder: str | Path,
        images: Sequence[str | os.PathLike[str]] | str | os.PathLike[str],
        *,
        top: int = 1,
    ):
        self._network = evaluation.load_student(folder)
        shape = self._network.input_shape[1:]
        if len(shape) != 3 or None in shape:
            raise ValueError(
                "`run` must be of images to classify image files. "
                f"Received: {folder}, with inputs of shape {shape}"
            )
        classes = self._network.output_shape[-1]
        evaluation.check_class_names(folder, classes)
        if not 1 <= top <= classes:
            raise ValueError(
                f"`top` must be from 1 to {classes}, the number of classes. "
                f"Received: top={top}"
            )
        self._recipe, _ = recorded.origin(folder)
        self._temperature = report.read_temperature(folder) or 1.0
        self._size, self._channels = shape[0], shape[2]
        self._top = top
        if isinstance(images, (str, os.PathLike)):
            images = [images]
        self._given = data.find_given(images)
        self.total = len(self._given.paths) + len(self._given.missing)
        self.ignored = self._given.ignored
        self.on_read: Callable[[int], None] = lambda count: None

    def __iter__(self) -> Iterator[Prediction | Unread]:
        missing = self._given.missing
        yield from (Unread(path, reason) for path, reason in missing)
        size = assembly.batch_size(self._network.input_shape[1:])
        waiting: list[tuple[str, np.ndarray | str]] = []
        good = 0
        for count, item in enumerate(self._read(2 * size), len(missing) + 1):
            self.on_read(count)
            waiting.append(item)
            good += not isinstance(item[1], str)
            if good == size:
                yield from self._classified(waiting)
                waiting, good = [], 0
        yield from self._classified(waiting)

    def _read(self, ahead: int) -> Iterator[tuple[str, np.ndarray | str]]:
        """Pixels of each file, in order; a reason where it cannot be read."""
        threads = min(os.cpu_count() or 1, _MOST_THREADS)
        paths = iter(self._given.paths)
        queue: deque[tuple[str, Future[np.ndarray | str]]] = deque()
        with ThreadPoolExecutor(threads) as pool:

            def begin(count: int) -> None:
                for path in islice(paths, count):
                    queue.append((path, pool.submit(self._pixels, path)))

            begin(ahead)
            try:
                while queue:
                    path, future = queue.popleft()
                    begin(1)
                    yield path, future.result()
            finally:
                for _, future in queue:
                    future.cancel()

    def _pixels(self, path: str) -> np.ndarray | str:
        try:
            return evaluation.pixels_of(
                self._recipe, path, size=self._size, channels=self._channels
            )
        except ValueError as error:
            cause = error.__cause__ or error
            return str(cause) or type(cause).__name__

    def _classified(
        self, read: Sequence[tuple[str, np.ndarray | str]]
    ) -> Iterator[Prediction | Unread]:
        """What the network says of some files, in one batch."""
        pixels = [image for _, image in read if not isinstance(image, str)]
        rows = iter(self._probs(np.stack(pixels)) if pixels else ())
        for path, image in read:
            if isinstance(image, str):
                yield Unread(path, image)
                continue
            row = next(rows)
            best = np.argsort(-row, kind="stable")[: self._top]
            probs = tuple(float(row[label]) for label in best)
            yield Prediction(path, tuple(map(int, best)), probs)

    def _probs(self, pixels: np.ndarray) -> np.ndarray:
        inputs = evaluation.finished(self._recipe, pixels)
        return assembly.probs(
            self._network, inputs, temperature=self._temperature
        )


def predict(
    folder: str | Path,
    paths: Sequence[str | os.PathLike[str]] | str | os.PathLike[str],
) -> list[Answer]:
    """Classifies image files with the student of a run folder.

    Args:
        folder: A run folder.
        paths: Image files of any size, grey or in colour, read as those of
            the run were (`data.read_image`); folders, patterns such as
            `"photos/*.jpg"` and tables, too, as `data.find_given` reads
            them. Images should look like those of the training: digits are
            light on dark.

    Returns:
        Per file its path, the class, and its probability, calibrated if the
        run folder has a `calibration.json`; `class_names` has the names of
        the classes. `Predictions` has further classes, and
        needs no memory for all answers.

    Raises:
        ValueError: If the folder has no student.
        UnreadableImagesError: If a file is no image; it has the answers for
            the other files.
    """
    answers: list[Answer] = []
    unread: list[tuple[str, str]] = []
    for found in Predictions(folder, paths):
        if isinstance(found, Unread):
            unread.append((found.path, found.reason))
        else:
            answers.append((found.path, found.labels[0], found.probs[0]))
    if unread:
        raise UnreadableImagesError(answers, unread)
    return answers
