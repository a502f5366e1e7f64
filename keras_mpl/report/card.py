"""The model card of an exported student (`MODEL_CARD.md`)."""

import dataclasses
from collections.abc import Mapping
from collections.abc import Sequence
from typing import cast

from keras_mpl.report import snippets
from keras_mpl.report.escapes import code
from keras_mpl.report.escapes import markdown
from keras_mpl.report.formats import Config
from keras_mpl.report.formats import Result
from keras_mpl.report.formats import Row
from keras_mpl.report.page import training
from keras_mpl.report.reproduction import command
from keras_mpl.report.reproduction import lacking
from keras_mpl.report.results import ended_early
from keras_mpl.report.results import exported_row
from keras_mpl.report.tables import percent
from keras_mpl.report.verdict import wilson

MARK = "<!-- Written by `keras-mpl export`. -->"
_MOST = 100  # classes that are listed


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shipped:
    """What the card says of the file beside it.

    Attributes:
        file: Its name.
        format: Its format.
        runtime: What read it again, with its version.
        largest_difference: Of its answers from those of the run's student.
        num_checked: Inputs that were compared.
        class_names: In the order of the answers.
        size: Height and width of the network's images; `None` if it does not
            take images.
        channels: Colour channels of the images.
        is_cropped: Whether 7/8 of the short side are read.
        softmax: Whether the answers are probabilities.
        temperature: What the logits are divided by; `None` if not calibrated.
    """

    file: str
    format: snippets.Format
    runtime: str
    largest_difference: float
    num_checked: int
    class_names: Sequence[str]
    size: int | None
    channels: int
    is_cropped: bool
    softmax: bool
    temperature: float | None


def _chosen(result: Result) -> list[str]:
    """Returns why the student is that of one of the trainings, if it says."""
    if "exported" not in result:
        return []
    return [f"Of its trainings: {markdown(result['exported']['reason'])}"]


def model_card(
    config: Mapping[str, object], result: Mapping[str, object], shipped: Shipped
) -> str:
    """Returns the model card of an exported student, in Markdown.

    Args:
        config: Contents of `config.json`, see `formats.Config`.
        result: Contents of `result.json`, see `formats.Result`.
        shipped: What is known of the file.
    """
    settings, results = cast(Config, config), cast(Result, result)
    row = exported_row(results)
    title = row.get("title", row["recipe"])
    parts = [
        MARK,
        f"# Model card of {code(shipped.file)}",
        f"A classifier of {len(shipped.class_names)} classes: the averaged "
        f"student of {markdown(title)}, trained by keras_mpl"
        f"{_date(settings)}.",
        "## How it was trained",
        training(settings),
        *map(markdown, ended_early(settings, results)),
        *_chosen(results),
        _repeated(settings),
        "## How good it is",
        _accuracy(settings, row),
        _calibration(shipped),
        "## Classes",
        _classes(shipped.class_names),
        "## What it takes, and what it answers",
        _contract(shipped),
        _snippet(shipped),
        f"After it was written, {markdown(shipped.runtime)} read the file "
        f"again. On {shipped.num_checked} random inputs its answers differ "
        "from those of the run's student by at most "
        f"{shipped.largest_difference:.1e} (times the largest answer, if that "
        "is above 1).",
        "## Limits",
        _limits(shipped),
    ]
    return "\n\n".join(parts) + "\n"


def _date(config: Config) -> str:
    return f" on {markdown(config['date'][:10])}" if "date" in config else ""


def _repeated(config: Config) -> str:
    own = " with the recipe of config.json" if config.get("own_recipe") else ""
    said = (
        f"The command was {code(command(config))}{own}; `config.json` of the "
        "run has every setting."
    )
    return " ".join([said, *map(markdown, lacking(config))])


def _accuracy(config: Config, row: Row) -> str:
    share, size = row["test_accuracy"], _number(config, "num_test")
    found = f"Test accuracy: {percent(share)}"
    if size:
        low, high = wilson(round(share * size), size)
        found += (
            f", {round(share * size):,} of {size:,} examples, 95 % interval "
            f"{percent(low)} to {percent(high)} (Wilson's, by the choice of "
            "the test examples alone; another seed changes the result, too)"
        )
    found += (
        ". The test examples are of the same source as those of the training, "
        f"{code(config['split']['name'])}, and were used once, after it."
    )
    validation = row["val_accuracy"]
    if validation is not None:
        size = _number(config, "num_validation")
        of = f" on {size:,} examples" if size else ""
        found += f" Validation accuracy: {percent(validation)}{of}."
    return found


def _number(config: Config, key: str) -> int:
    known = {**config["recipe"]["data"], **config["split"]}
    return int(known.get(key) or 0)


def _calibration(shipped: Shipped) -> str:
    if shipped.temperature is None:
        return (
            "Its probabilities are not calibrated: a probability of 0.9 does "
            "not mean that 9 of 10 such answers are right."
        )
    where = (
        "which the file does"
        if shipped.softmax
        else "before the softmax, which the file does not"
    )
    return (
        "Its probabilities are calibrated on validation examples of the run: "
        f"the logits are divided by {shipped.temperature:.4g}, {where}."
    )


def _classes(class_names: Sequence[str]) -> str:
    listed = [
        f"{number}. {markdown(name)}"
        for number, name in enumerate(class_names[:_MOST])
    ]
    if len(class_names) > _MOST:
        listed.append(f"\nand {len(class_names) - _MOST} more in `labels.txt`.")
    return "In the order of the answers, from 0, as in `labels.txt`:\n\n" + (
        "\n".join(listed)
    )


def _contract(shipped: Shipped) -> str:
    answers = "probabilities" if shipped.softmax else "logits"
    said = (
        f"It answers with {answers}, float32, of shape (batch, "
        f"{len(shipped.class_names)})."
    )
    if shipped.size is None:
        return (
            "It takes what the network was trained on: inputs scaled as those "
            f"of the training were. {said}"
        )
    kinds = "grey" if shipped.channels == 1 else "RGB"
    integers = " or uint8" if shipped.format == "keras" else ""
    area = (
        "7/8 of the middle square are"
        if shipped.is_cropped
        else ("the middle square is")
    )
    return (
        f"It takes {kinds} images, float32{integers}, of shape (batch, height, "
        f"width, {shipped.channels}), with pixels from 0 to 255. Height and "
        "width may be any, but are the same for all images of a batch. "
        f"Inside, {area} resized to {shipped.size} x {shipped.size} (bicubic), "
        "as `keras-mpl predict` does, and scaled. Turn a photo upright, and "
        f"lay transparency over grey (128), before. {said}"
    )


def _snippet(shipped: Shipped) -> str:
    if shipped.size is None:
        return snippets.of_inputs(shipped.file, shipped.format)
    return snippets.of_pixels(
        shipped.file,
        shipped.format,
        channels=shipped.channels,
        is_named=True,
        draft_size=None if shipped.is_cropped else 2 * shipped.size,
    )


def _limits(shipped: Shipped) -> str:
    lines = [
        "- It always names one of its classes, whatever it is shown.",
        "- The accuracy above holds for data like those of the training; other "
        "cameras, places, years or groups of people were not tested.",
        "- Mistakes among the labels that it learned from are learned, too.",
    ]
    if shipped.size is not None:
        lines.append(
            "- Images that must be resized may differ from those of the "
            "training by one of 255 levels in about one value of a thousand, "
            "images that are higher than wide in up to one of six, by up to "
            "six levels. Large JPEG files that are decoded in another way than "
            "in the lines above differ by two levels on average."
        )
    return "\n".join(lines)
