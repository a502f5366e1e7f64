"""The commands on finished runs: their reports, and what students answer."""

import sys
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

from absl import flags

import keras_mpl
from keras_mpl import names
from keras_mpl.commands import shared


def _evaluate_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string(
        "real_labels",
        None,
        "The file real.json of google-research/reassessed-imagenet, for a run "
        "on ImageNet.",
        flag_values=values,
    )


def _evaluate(arguments: list[str], values: flags.FlagValues) -> None:
    score = shared.runner().evaluate(
        arguments[0], real_labels=values["real_labels"].value
    )
    print(
        f"test accuracy of student.keras: {score.accuracy:.4f} on "
        f"{score.num_test} examples of {score.split}; "
        f"recorded: {score.recorded:.4f}"
    )
    for name, value in (
        ("balanced", score.balanced),
        ("top-5", score.top_5),
        ("ReaL", score.real),
    ):
        if value is not None:
            print(f"{name} accuracy: {value:.4f}")


def _predict_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string(
        "output",
        None,
        "Write path, label and probability to this .csv file, which `run "
        "folder` and `predict` read again; default: print them.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "top",
        1,
        "How many classes to name per image, the most probable first.",
        lower_bound=1,
        flag_values=values,
    )


def _predict(arguments: list[str], values: flags.FlagValues) -> int:
    runner, top = shared.runner(), values["top"].value
    called = runner.class_names(arguments[0])
    output, file = values["output"].value, None
    if output is not None:  # refused before anything is read
        file = keras_mpl.report.AnswersFile(output, called, top=top)
    found = runner.Predictions(arguments[0], arguments[1:], top=top)
    unread: list[Any] = []
    if file is None:
        for answer in _answers(found, unread):
            print(_in_words(answer, called), flush=True)
    else:
        with file:
            for answer in _answers(found, unread):
                file.add(*answer)
        print(f"{names.printable(output)}: {file.count:,} images")
    temperature = keras_mpl.report.read_temperature(arguments[0])
    if temperature is not None:
        line = f"probabilities are calibrated, temperature {temperature:.2f}"
        print(f"keras-mpl: {line}", file=sys.stderr)
    if found.ignored:
        kinds = ", ".join(f"{n:,} {kind}" for kind, n in found.ignored.items())
        print(f"keras-mpl: ignored: {kinds}", file=sys.stderr)
    for path, reason in unread:
        line = names.printable(f"{path} ({reason})")
        print(f"keras-mpl: not read: {line}", file=sys.stderr)
    return 1 if unread else 0


def _answers(found: Any, unread: list[Any]) -> Iterator[Any]:
    """Yields the predictions, counts all files, and keeps the unread ones."""
    runner, are_some = keras_mpl.runner, False
    counting = keras_mpl.report.Counting(found.total, "images")
    found.on_read = counting.update
    try:
        for one in found:
            if isinstance(one, runner.Unread):
                unread.append(one)
                continue
            counting.clear()  # what follows may be printed
            are_some = True
            yield one
    finally:
        counting.clear()
    if unread and not are_some:
        raise runner.UnreadableImagesError([], unread)


def _in_words(answer: Any, called: Sequence[str]) -> str:
    """Returns the line that is printed of a prediction."""
    shown = [called[i] if called else str(i) for i in answer.labels]
    others = [
        f"{name} {prob:.3f}"
        for name, prob in zip(shown[1:], answer.probs[1:], strict=True)
    ]
    line = names.printable(f"{answer.path}  class {shown[0]}")
    line += f"  probability {answer.probs[0]:.3f}"
    then = f"  then {', '.join(others)}" if others else ""
    return line + names.printable(then)


def _report_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_bool(
        "compare",
        False,
        "Put the runs side by side on one page; default: a report.html in "
        "each run folder.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "output",
        None,
        "The page that compares; default: comparison.html.",
        flag_values=values,
    )


def _report(arguments: list[str], values: flags.FlagValues) -> None:
    output = values["output"].value
    if values["compare"].value:
        path = shared.runner().compare(arguments, output or "comparison.html")
        print(names.printable(path))
        return
    if output is not None:
        raise ValueError(
            "`--output` must go with `--compare`; a report is in its run "
            f"folder. Received: --output={output!r}"
        )
    for run in arguments:
        print(names.printable(shared.runner().write_report(run)))


def _precompute_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string(
        "output",
        None,
        "The folder to write; default: `probabilities` in the run folder.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "shard_size",
        None,
        "Examples per file; default: as in the files there, or 10,000.",
        lower_bound=1,
        flag_values=values,
    )


def _precompute(arguments: list[str], values: flags.FlagValues) -> None:
    folder, examples, kept = shared.runner().precompute(
        arguments[0],
        output=values["output"].value,
        shard_size=values["shard_size"].value,
    )
    print(
        f"class probabilities of {examples} examples are in {folder}; "
        f"{kept} shards were there already"
    )


def _select_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_integer(
        "per_class",
        None,
        "How many examples to take per predicted class, the most confident "
        "first; it must be given.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_float(
        "confidence_threshold",
        None,
        "Drop the examples whose confidence is lower, and repeat those of "
        "small classes.",
        lower_bound=0.0,
        upper_bound=1.0,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "max_distance",
        None,
        "Leave out images that look like a test image: their perceptual "
        "hashes differ in so many of 64 bits, or fewer.",
        lower_bound=0,
        upper_bound=64,
        flag_values=values,
    )


def _select(arguments: list[str], values: flags.FlagValues) -> None:
    names = ("per_class", "confidence_threshold", "max_distance")
    chosen = {name: values[name].value for name in names}
    if chosen["per_class"] is None:
        raise ValueError("`--per_class` must be given. Received: none")
    path = shared.runner().select(arguments[0], **chosen)
    print(f"{path}; use it with `--set data.selection={path}`")


COMMANDS = {
    "report": shared.Command(
        "RUN...",
        "Write report.html of finished runs anew, or compare them.",
        _report_flags,
        _report,
    ),
    "evaluate": shared.Command(
        "RUN",
        "Test the student of a run folder again.",
        _evaluate_flags,
        _evaluate,
    ),
    "predict": shared.Command(
        "RUN IMAGES...",
        "Classify image files, folders or patterns with a run's student, with "
        "calibrated probabilities where it has a temperature.",
        _predict_flags,
        _predict,
    ),
    "precompute": shared.Command(
        "RUN",
        "Store the class probabilities of a run's student, for Reduced MPL.",
        _precompute_flags,
        _precompute,
    ),
    "select": shared.Command(
        "RUN",
        "Choose unlabelled examples by what a run's student says of them.",
        _select_flags,
        _select,
    ),
}
