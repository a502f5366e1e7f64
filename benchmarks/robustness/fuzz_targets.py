"""What any bytes do to the readers of recipes, tables, folders, images, runs.

Each target turns bytes into files, reads them as a user's command would, and
returns whether they were accepted. A refusal is a `ValueError` or an `OSError`
of one line; all else is a finding.
"""

import io
import json
import shutil
from collections.abc import Callable
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from keras_mpl import data
from keras_mpl import recipes
from keras_mpl import runner

REFUSALS = (ValueError, OSError)
_ODD: tuple[Any, ...] = (
    *(None, True, False, [], {}, "", 0, -1, 1, 0.5, 1e308, -1e-308, 2**63),
    *("digits_20", "../../victim", "a\nb", "\x1b[31m", "$\\frac{$", "none"),
    *(10**40, [[]], [None], {"a": 1}, ["a"], "\ud800", "é", float("inf")),
)
_NAMES = ("cat", "dog", "a.png", "b.jpg", ".hidden", "x.tif", "l.csv", "e", "0")


class Choices:
    """Reads bytes as choices; there are zeros behind their end.

    Args:
        content: The bytes.
    """

    def __init__(self, content: bytes):
        self._content, self._at = content, 0

    def number(self, below: int) -> int:
        """Returns a number from 0 to `below` - 1."""
        first, second = self.take(1), self.take(1)
        value = int.from_bytes(first + second, "big")
        return value % below

    def take(self, size: int) -> bytes:
        """Returns the next bytes."""
        found = self._content[self._at : self._at + size]
        self._at += size
        return found

    def rest(self) -> bytes:
        """Returns all that is left."""
        return self._content[self._at :]

    def odd(self) -> Any:
        """Returns a value that few expect."""
        return _ODD[self.number(len(_ODD))]

    def name(self) -> str:
        """Returns the name of a file: a usual one, or any."""
        if self.number(3):
            return _NAMES[self.number(len(_NAMES))]
        text = self.take(1 + self.number(12)).decode("utf-8", "replace")
        return text.replace("/", "").replace("\x00", "").strip(".") or "x"


def changed(values: Any, choices: Choices) -> Any:
    """Returns plain values of which a few, deep inside, are odd ones."""
    values = json.loads(json.dumps(values))
    for _ in range(1 + choices.number(3)):
        place = values
        while isinstance(place, dict | list) and place:
            keys = [*place] if isinstance(place, dict) else range(len(place))
            key = keys[choices.number(len(keys))]
            inner = place[key]
            if not isinstance(inner, dict | list) or not choices.number(4):
                _change(place, key, choices)
                break
            place = inner
    return values


def _change(place: Any, key: Any, choices: Choices) -> None:
    kind = choices.number(4)
    if kind == 0 and isinstance(place, dict):
        del place[key]
    elif kind == 1 and isinstance(place, dict):
        place[str(choices.odd())] = choices.odd()
    else:
        place[key] = choices.odd()


def recipe(content: bytes, folder: Path) -> None:
    """Reads JSON as a recipe; one that is accepted comes back equal."""
    choices = Choices(content)
    if choices.number(2):
        every = list(recipes.RECIPES.values())
        chosen = every[choices.number(len(every))]
        text = json.dumps(changed(chosen.to_dict(), choices))
    else:
        text = choices.rest().decode("utf-8", "replace")
    found = recipes.Recipe.from_json(text)
    if recipes.Recipe.from_json(found.to_json()) != found:
        raise AssertionError("a recipe that changes as it is written")


def setting(content: bytes, folder: Path) -> None:
    """Changes a recipe by `--set` with any text."""
    choices = Choices(content)
    base = recipes.find("digits_20")
    keys = list(recipes.settings(base))
    key = keys[choices.number(len(keys))]
    text = choices.rest().decode("utf-8", "replace")
    item = f"{key}={text}" if choices.number(4) else text
    found = recipes.override(base, [item])
    recipes.Recipe.from_json(found.to_json())


def table(content: bytes, folder: Path) -> None:
    """Reads any bytes as a table of paths and labels."""
    choices = Choices(content)
    is_labeled = bool(choices.number(2))
    (folder / "a.png").write_bytes(_PICTURES["PNG"])
    (folder / "b.png").write_bytes(_PICTURES["PNG"])
    (folder / "l.csv").write_bytes(choices.rest())
    found = data.find_files(folder / "l.csv", is_labeled=is_labeled)
    home = folder.resolve()
    if not all(Path(p).resolve().is_relative_to(home) for p in found.paths):
        raise AssertionError("a table that leads out of its folder")


def tree(content: bytes, folder: Path) -> None:
    """Reads a folder of any names, links and contents as a set of images."""
    choices = Choices(content)
    places = [folder]
    for _ in range(choices.number(12)):
        path = places[choices.number(len(places))] / choices.name()
        kind = choices.number(6)
        if path.exists() or path.is_symlink() or len(path.name) > 80:
            continue
        if kind < 2:
            path.mkdir()
            places.append(path)
        elif kind == 2:
            path.symlink_to(places[choices.number(len(places))])
        else:
            path.write_bytes(_picture(choices))
    found = data.find_files(folder, is_labeled=bool(choices.number(2)))
    data.read_images(found, size=8, max_corrupt=0.5)


def image(content: bytes, folder: Path) -> None:
    """Decodes a picture of any bytes."""
    choices = Choices(content)
    path = folder / "picture"
    path.write_bytes(_picture(choices))
    channels = (1, 3)[choices.number(2)]
    found = data.read_image(path, size=8, channels=channels)
    if found.shape != (8, 8, channels) or found.dtype != np.uint8:
        raise AssertionError("a picture of another form")


def run(content: bytes, folder: Path) -> None:
    """Writes the report of a run folder whose files hold anything."""
    choices = Choices(content)
    for name, values in _run().items():
        if not choices.number(3):
            text = "\n".join(json.dumps(changed(v, choices)) for v in values)
            (folder / name).write_text(text + "\n", "utf-8")
        elif not choices.number(8):
            (folder / name).write_bytes(choices.take(60))
        elif choices.number(20):
            text = "\n".join(json.dumps(one) for one in values)
            (folder / name).write_text(text + "\n", "utf-8")
    runner.write_report(folder)


TARGETS: Mapping[str, Callable[[bytes, Path], None]] = {
    "recipe": recipe,
    "setting": setting,
    "table": table,
    "tree": tree,
    "image": image,
    "run": run,
}


# Inputs that are accepted, for a fuzzer to begin with.
SEEDS: Mapping[str, bytes] = {
    "recipe": b"\0\0" + recipes.find("digits_20").to_json().encode(),
    "table": b"\0\1path,label\na.png,x\nb.png,y\n",
}


def call(name: str, content: bytes, folder: Path) -> str:
    """Calls a target in an empty folder.

    Args:
        name: Of the target.
        content: What it gets.
        folder: A place that is made anew, and removed.

    Returns:
        Whether it was `accepted` or `refused`.

    Raises:
        AssertionError: If a refusal has more than one line.
        Exception: Another finding, as it comes.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        TARGETS[name](content, folder)
    except REFUSALS as error:
        if not str(error) or "\n" in str(error).strip():
            raise AssertionError(
                f"not one line: {str(error)!r:.200}"
            ) from error
        return "refused"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return "accepted"


def _picture(choices: Choices) -> bytes:
    """A picture of which some bytes are others, or any bytes."""
    formats = [*_PICTURES]
    number = choices.number(len(formats) + 1)
    if number == len(formats):
        return choices.take(40)
    content = bytearray(_PICTURES[formats[number]])
    for _ in range(choices.number(8)):
        content[choices.number(len(content))] = choices.number(256)
    return bytes(content[: len(content) - choices.number(8) * 5])


def _encoded() -> dict[str, bytes]:
    found = {}
    pixels = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
    for format in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"):
        held = io.BytesIO()
        Image.fromarray(pixels).save(held, format)
        found[format] = held.getvalue()
    return found


def _run() -> dict[str, list[Any]]:
    """The files of a finished run, each with the values of its lines."""
    chosen = recipes.override(recipes.find("digits_20"), ["baselines="])
    row = {
        "recipe": "digits_20",
        "method": "mpl",
        "feedback": "soft",
        "test_accuracy": 0.5,
        "test_teacher_accuracy": None,
        "val_accuracy": 0.5,
        "train_steps_done": 4,
        "seconds": 1.0,
    }
    record = {"recipe": "digits_20", "stage": "train", "step": 2}
    record |= {"seconds": 1.0, "val_accuracy": 0.5, "student_loss": 1.0}
    config = {
        "recipe": chosen.to_dict(),
        "baselines": [],
        "fingerprint": chosen.fingerprint(),
        "seed": 0,
        "overrides": ["baselines="],
        "split": {
            **{"name": "digits@20/0", "fingerprint": "f", "num_labeled": 20},
            **{"num_unlabeled": 9, "num_validation": 9, "num_test": 9},
        },
        "versions": {"keras": "3"},
        "commit": None,
        "dirty": None,
        "device": "CPU",
        "precision": "float32",
        "class_names": ["a", "b"],
    }
    result = {
        "recipe": "digits_20",
        "fingerprint": "f",
        "seed": 0,
        "rows": [row],
        "wall_clock_seconds": 1.0,
    }
    temperature = {"recipe": "digits_20", "temperature": 1.5}
    return {
        "config.json": [config],
        "result.json": [result],
        "metrics.jsonl": [record, {**record, "step": 4}],
        "calibration.json": [{**temperature, "num_validation": 9}],
    }


_PICTURES = _encoded()
