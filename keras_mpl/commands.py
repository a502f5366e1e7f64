"""The commands of `keras-mpl`: flags, the function called, what is printed.

No logic. TensorFlow loads only in a command that trains, predicts or counts.
"""

import importlib
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import NamedTuple

from absl import flags

import keras_mpl
from keras_mpl import recipes


class Command(NamedTuple):
    """One sub-command: what it is called with, and what it does."""

    arguments: str
    summary: str
    define: Callable[[flags.FlagValues], None]
    call: Callable[[list[str], flags.FlagValues], int | None]


def _no_flags(values: flags.FlagValues) -> None:
    pass


def _run_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string(
        "output",
        None,
        "The run folder, new or empty; default: runs/RECIPE-1, -2, ...",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "seed",
        0,
        "Of the labelled examples, the first weights and all training.",
        lower_bound=0,
        upper_bound=2**32 - 1,
        flag_values=values,
    )
    _strategy_flag(values, "none")
    _set_flag(values)


def _strategy_flag(values: flags.FlagValues, default: str | None) -> None:
    flags.DEFINE_string(
        "strategy",
        default,
        "Where to compute: none, mirrored, mirrored:N, multiworker or tpu.",
        flag_values=values,
    )


def _resume_flags(values: flags.FlagValues) -> None:
    _strategy_flag(values, None)


def _set_flag(values: flags.FlagValues) -> None:
    flags.DEFINE_multi_string(
        "set",
        [],
        "KEY=VALUE, changes a setting; `keras-mpl show RECIPE` lists them",
        flag_values=values,
    )


def _list(arguments: list[str], values: flags.FlagValues) -> None:
    for recipe in recipes.RECIPES.values():
        print(f"{recipe.name}  ({recipe.method})")
        print(f"    {recipe.summary}")
        print(f"    expected: {recipe.expected}")


def _show(arguments: list[str], values: flags.FlagValues) -> None:
    recipe = recipes.override(recipes.find(arguments[0]), values["set"].value)
    print(f"{recipe.name}: {recipe.summary}")
    print(f"source: {recipe.source}")
    print(f"expected: {recipe.expected}")
    print(f"fingerprint: {recipe.fingerprint()}")
    for key, value in recipes.settings(recipe).items():
        shown = ",".join(value) if isinstance(value, tuple) else value
        print(f"  {key}={str(shown).lower()}")


def _runner() -> ModuleType:
    return _without_messages(lambda: keras_mpl.runner)


def _without_messages(load: Callable[[], ModuleType]) -> ModuleType:
    """Imports what `load` names, and TensorFlow without its messages.

    Some of them heed no log level, so the process' stderr is put aside, until
    after the search for devices. The run's record names the device.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    stderr = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        module = load()
        importlib.import_module("tensorflow").config.list_physical_devices()
        return module
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def _run(arguments: list[str], values: flags.FlagValues) -> None:
    recipe = recipes.find(arguments[0])
    recipes.resolve(recipe, values["set"].value)  # before TensorFlow loads
    _runner().run(
        recipe,
        output=values["output"].value,
        seed=values["seed"].value,
        overrides=values["set"].value,
        strategy=values["strategy"].value,
    )


def _resume(arguments: list[str], values: flags.FlagValues) -> None:
    _runner().resume(arguments[0], strategy=values["strategy"].value)


def _preview_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string(
        "output", "preview.png", "The picture.", flag_values=values
    )
    _data_flags(values)


def _data_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_integer(
        "seed",
        0,
        "Of the labelled examples, their order and their views.",
        lower_bound=0,
        upper_bound=2**32 - 1,
        flag_values=values,
    )
    _set_flag(values)


def _changed(arguments: list[str], values: flags.FlagValues) -> recipes.Recipe:
    return recipes.override(recipes.find(arguments[0]), values["set"].value)


def _preview(arguments: list[str], values: flags.FlagValues) -> None:
    recipe = _changed(arguments, values)
    path = values["output"].value
    print(_runner().preview(recipe, path, seed=values["seed"].value))
    print(f"labelled, weak and strong views: {path}")


def _data(arguments: list[str], values: flags.FlagValues) -> None:
    recipe = _changed(arguments, values)
    print(_runner().describe(recipe, seed=values["seed"].value))


def _evaluate(arguments: list[str], values: flags.FlagValues) -> None:
    score = _runner().evaluate(arguments[0])
    print(
        f"test accuracy of student.keras: {score.accuracy:.4f} on "
        f"{score.num_test} examples of {score.split}; "
        f"recorded: {score.recorded:.4f}"
    )


def _predict(arguments: list[str], values: flags.FlagValues) -> None:
    answers = _runner().predict(arguments[0], arguments[1:])
    for path, label, prob in answers:
        print(f"{path}  class {label}  probability {prob:.3f}")


def _precompute_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string(
        "output",
        None,
        "Where to; default: the folder `probabilities` in the run folder.",
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
    folder, examples, kept = _runner().precompute(
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
        "Examples per predicted class: the most confident.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_float(
        "confidence_threshold",
        None,
        "Drop the less confident, repeat those of small classes.",
        lower_bound=0.0,
        upper_bound=1.0,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "max_distance",
        None,
        "Leave out images whose perceptual hash is so near, in bits of 64, "
        "to a test image's.",
        lower_bound=0,
        upper_bound=64,
        flag_values=values,
    )


def _select(arguments: list[str], values: flags.FlagValues) -> None:
    names = ("per_class", "confidence_threshold", "max_distance")
    chosen = {name: values[name].value for name in names}
    if chosen["per_class"] is None:
        raise ValueError("`--per_class` must be given. Received: none")
    path = _runner().select(arguments[0], **chosen)
    print(f"{path}; use it with `--set selection={path}`")


def _verify_flags(values: flags.FlagValues) -> None:
    for name in ("teacher", "student"):
        flags.DEFINE_string(
            name,
            None,
            f"A .keras file of your own {name}, ending in logits; default: "
            "a small float64 network.",
            flag_values=values,
        )
    flags.DEFINE_float(
        "learning_rate",
        0.1,
        "The student's, under SGD with Nesterov momentum.",
        lower_bound=0.0,
        flag_values=values,
    )


def _verify(arguments: list[str], values: flags.FlagValues) -> int:
    found = _runner().verify(
        values["teacher"].value,
        values["student"].value,
        learning_rate=values["learning_rate"].value,
    )
    print(found)
    return 0 if found.passed else 1


def _models_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string(
        "match", "", "Only names that contain this.", flag_values=values
    )


def _models(arguments: list[str], values: flags.FlagValues) -> None:
    models = _without_messages(lambda: keras_mpl.models)
    for line in models.table(values["match"].value):
        print(line, flush=True)


COMMANDS = {
    "list": Command("", "List the recipes.", _no_flags, _list),
    "show": Command("RECIPE", "Show a recipe's settings.", _set_flag, _show),
    "run": Command(
        "RECIPE",
        "Train a recipe and its baselines; write a run folder.",
        _run_flags,
        _run,
    ),
    "resume": Command(
        "RUN",
        "Go on with an interrupted run, from its last snapshot.",
        _resume_flags,
        _resume,
    ),
    "preview": Command(
        "RECIPE",
        "Draw a contact sheet of labelled, weak and strong views.",
        _preview_flags,
        _preview,
    ),
    "data": Command(
        "RECIPE",
        "Count the examples of each class in each set.",
        _data_flags,
        _data,
    ),
    "evaluate": Command(
        "RUN",
        "Test the student of a run folder again.",
        _no_flags,
        _evaluate,
    ),
    "predict": Command(
        "RUN IMAGES...",
        "Classify PNG or JPEG files with the student of a run folder.",
        _no_flags,
        _predict,
    ),
    "precompute": Command(
        "RUN",
        "Store the class probabilities of a run's student, for Reduced MPL.",
        _precompute_flags,
        _precompute,
    ),
    "select": Command(
        "RUN",
        "Choose unlabelled examples by what a run's student says of them.",
        _select_flags,
        _select,
    ),
    "models": Command(
        "",
        "List the networks with their sizes, counted as they are listed.",
        _models_flags,
        _models,
    ),
    "verify": Command(
        "",
        "Check the feedback against central differences of Eq. 3.",
        _verify_flags,
        _verify,
    ),
}
