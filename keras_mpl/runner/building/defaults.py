"""Settings of a run on one's own files, chosen by what these files are.

What the user has set is never changed. A run records what was chosen, so that
`resume` chooses nothing anew.
"""

import contextlib
import re
import statistics
import warnings
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf
from PIL import Image

from keras_mpl import recipes
from keras_mpl import report
from keras_mpl.data.folders.finding import Files
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building import datasets
from keras_mpl.runner.building import recorded

# The settings that may be chosen.
KEYS = (
    "model.network",
    "model.backbone_rate",
    "method.ramp_statistics",
    "data.image_size",
    "batch_size",
    "unlabeled_ratio",
    "views.weak",
    "views.strong",
)
_LOOKED_AT = 100  # files of each set are enough to see their size
# Sizes of images in pixels; the largest by whether there is a GPU. On a CPU
# thousands of steps of three trainings are to take less than an hour.
_SMALLEST, _LARGEST = 32, {False: 48, True: 128}
_LARGEST_OF_WRN = 64
_PRETRAINED, _PRETRAINED_MOST = 96, {False: 128, True: 224}
_MANY_IMAGES = 20_000
_FEW_LABELS = 5_000
_GOOD, _HELD_OUT = 0.95, 0.15  # of labelled files; the latter for each part
_SIDED = re.compile(r"(?i)(^|[^a-z])(left|right)([^a-z]|$)|^.$|^\d+$")


class Choice(NamedTuple):
    """One setting that was chosen.

    Attributes:
        key: Its dotted key.
        value: Its value, as `--set` takes it.
        reason: Why, for people.
    """

    key: str
    value: str
    reason: str

    @property
    def item(self) -> str:
        """The setting as `--set` takes it."""
        return f"{self.key}={self.value}"

    def __str__(self) -> str:
        return f"{self.item}: {self.reason}"


class _Files(NamedTuple):
    """What is known of the files before any is decoded."""

    side: int | None  # median of the shorter sides
    num_labeled: int
    num_unlabeled: int
    num_trained_on: int  # with their labels, at least
    num_without_label: int  # that are trained on, at least
    class_names: tuple[str, ...]
    has_gpu: bool


def choose(recipe: Recipe, overrides: Iterable[str]) -> tuple[Choice, ...]:
    """Chooses settings of a recipe of folders that the user has not set.

    They are those of `KEYS`: the size of the images, the network, the batch,
    whether views mirror, and how weights that are trained already go on
    learning.

    Args:
        recipe: A recipe; those on other data, and those of a user's own, have
            their settings already.
        overrides: What the user has set, each `key=value`.

    Returns:
        The settings, each with a reason; none if there is nothing to choose.

    Raises:
        ValueError: If an override does not fit, or there are no such files.
    """
    overrides = [recipes.current(item) for item in overrides]
    changed = recipes.override(recipe, overrides)
    if not is_chosen_for(recipe, changed):
        return ()
    if changed.data.labeled is None:  # which loading will refuse
        return ()
    given = {item.partition("=")[0] for item in overrides}
    found: dict[str, Choice] = {}
    files = _look_at(changed)
    for rule in (_weights, _image_size, _network, _batch, _ratio, _views):
        for choice in rule(changed, files):
            if choice.key not in given:
                found[choice.key] = choice
                changed = recipes.override(changed, [choice.item])
    return tuple(found.values())


def is_chosen_for(recipe: Recipe, changed: Recipe) -> bool:
    """Whether files choose settings: those of `folder`, as it is registered.

    Args:
        recipe: A recipe.
        changed: The same with its overrides.
    """
    is_ours = recipes.known(recipe) is not None
    return changed.data.dataset == "folder" and is_ours


def _look_at(recipe: Recipe) -> _Files:
    labeled = datasets.find(recipe, "labeled", str(recipe.data.labeled))
    sets, num_unlabeled = [labeled.paths], 0
    if recipe.data.unlabeled is not None:
        found = datasets.find(recipe, "unlabeled", recipe.data.unlabeled)
        sets.append(found.paths)
        num_unlabeled = len(found.paths)
    sides = [side for paths in sets for side in _sides(paths)]
    return _Files(
        int(statistics.median(sides)) if sides else None,
        len(labeled.paths),
        num_unlabeled,
        *_trained_on(recipe, labeled, num_unlabeled),
        labeled.class_names,
        bool(tf.config.list_physical_devices("GPU")),
    )


def _trained_on(
    recipe: Recipe, labeled: Files, num_unlabeled: int
) -> tuple[int, int]:
    """How many images with and without labels are trained on, at least."""
    places, count = recipe.data, len(labeled.paths)
    left, least = _GOOD * count, 0
    for part in ("test", "validation"):
        if getattr(places, part) is None:
            number = getattr(places, f"num_{part}")
            left -= number or _HELD_OUT * count
            least += number or len(labeled.class_names)
    left = max(0, min(left, count - least))
    shown = min(left, places.num_labeled or left)
    others = left + _GOOD * num_unlabeled
    if places.unlabeled_examples == "rest":
        others -= shown
    if places.selection is not None:
        # What cannot be read is said later, by the reader.
        path = Path(places.selection)
        with contextlib.suppress(ValueError):
            record = report.read_json(path.parent, path.name, report.Selection)
            others = len(record["unlabeled"])
    return int(shown), int(others)


def _sides(paths: Sequence[Path]) -> Iterator[int]:
    """Yields the shorter sides of some files; what cannot be read is not."""
    for path in paths[:: max(1, len(paths) // _LOOKED_AT)]:
        # A pipe would wait for somebody to write into it. What cannot be read
        # is said later, by the reader.
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of very many pixels
            if path.is_file():
                with Image.open(path) as image:
                    size = image.size
                yield min(size)


def _weights(recipe: Recipe, files: _Files) -> Iterator[Choice]:
    """How what is trained already goes on learning."""
    del files
    weights = recipe.model.weights
    if weights is None:
        return
    if not weights.endswith(".keras"):
        network = "efficientnet_b0"
        yield Choice("model.network", network, "the smallest with weights")
    elif (own := _network_of(Path(weights))) is not None:
        yield Choice("model.network", own, f"that of the run of {weights}")
    yield Choice(
        "model.backbone_rate",
        "0.1",
        "a trained backbone learns more slowly than its new head; 0 freezes it",
    )
    yield Choice(
        "method.ramp_statistics", "false", "its statistics are trained, too"
    )


def _network_of(weights: Path) -> str | None:
    """The network of a run's student; `None` if it is in no run folder."""
    folder = weights.parent
    if folder.name == "students":
        folder = folder.parent
    with contextlib.suppress(ValueError):
        return recorded.origin(folder)[0].model.network
    return None


def _image_size(recipe: Recipe, files: _Files) -> Iterator[Choice]:
    if files.side is None:
        return
    is_wide = recipe.model.network.startswith("wrn_")
    if recipe.model.weights is not None and not is_wide:
        low, high = _PRETRAINED, _PRETRAINED_MOST[files.has_gpu]
    else:
        low, high = _SMALLEST, _LARGEST[files.has_gpu]
    step = 8 if is_wide else 32
    high = high // step * step
    size = min(max(files.side // step * step, low), high)
    where = "a GPU" if files.has_gpu else "a CPU"
    span = f"{low} to {high}" if high > low else f"{low}"
    yield Choice(
        "data.image_size",
        str(size),
        f"the median side of the files is {files.side} pixels; {span} on "
        f"{where}, in steps of {step}",
    )


def _network(recipe: Recipe, files: _Files) -> Iterator[Choice]:
    if recipe.model.weights is not None:
        return
    size = recipe.data.image_size
    count = files.num_labeled + files.num_unlabeled
    network = "wrn_10_2" if files.has_gpu else "wrn_10_1"
    if size > _LARGEST_OF_WRN:
        network = "efficientnet_b0"
    elif files.has_gpu and count >= _MANY_IMAGES:
        network = "wrn_28_2"
    reason = f"{count:,} images, {size} x {size} pixels"
    if recipe.data.channels > 1 and files.num_labeled < _FEW_LABELS:
        reason += (
            ", from random weights; with so few labels weights=imagenet, "
            "which starts from trained ones, mostly does better"
        )
    yield Choice("model.network", network, reason)


def _batch(recipe: Recipe, files: _Files) -> Iterator[Choice]:
    classes = len(files.class_names)
    wanted = min(max(recipe.batch_size, -(-2 * classes // 8) * 8), 128)
    reason = f"two or more of each of {classes} classes, from 32 to 128"
    size, kind = min(
        (wanted, ""),
        (files.num_trained_on, "labelled"),
        (files.num_without_label or wanted, "unlabelled"),
    )
    if kind:
        reason = f"about {size} {kind} images to train on"
    size = max(1, size)
    yield Choice("batch_size", str(size), reason)


def _ratio(recipe: Recipe, files: _Files) -> Iterator[Choice]:
    size = recipe.batch_size
    there = files.num_without_label
    ratio = max(1, min(recipe.unlabeled_ratio, there // size))
    if ratio < recipe.unlabeled_ratio:
        yield Choice(
            "unlabeled_ratio",
            str(ratio),
            f"a step needs so many times {size} of about {there} images",
        )


def _views(recipe: Recipe, files: _Files) -> Iterator[Choice]:
    if recipe.views.weak != "cifar_weak":
        return
    sided = [name for name in files.class_names if _SIDED.search(name)]
    if len(sided) >= 2:
        reason = f"mirrored, {sided[0]} may be of another class"
        yield Choice("views.weak", "svhn_weak", reason)
        yield Choice("views.strong", "svhn_strong", reason)
        return
    yield Choice(
        "views.weak",
        "cifar_weak",
        "views mirror images; where that changes the class, set "
        "views.weak=svhn_weak and views.strong=svhn_strong",
    )
