"""Commands that train: a run, the rest of one, or a few steps."""

from absl import flags

from keras_mpl import messages
from keras_mpl import recipes
from keras_mpl.commands import shared
from keras_mpl.recipes import lengths


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
        "It decides which examples are labelled, the first weights and all "
        "training; default: 0.",
        lower_bound=0,
        upper_bound=2**32 - 1,
        flag_values=values,
    )
    _strategy_flag(values, "none")
    _deterministic_flag(values, False)
    flags.DEFINE_string(
        "budget",
        None,
        "How long all may take, such as 20m, 1h30m or 90s: the number of steps "
        "is chosen to fit, and baselines are left out first.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "config",
        None,
        "A file with a recipe, as `keras-mpl show RECIPE --json` prints it, in "
        "the place of RECIPE; all of its settings count as set.",
        flag_values=values,
    )
    _callback_flag(values)
    shared.set_flag(values)


def _callback_flag(values: flags.FlagValues) -> None:
    flags.DEFINE_multi_string(
        "callback",
        [],
        "module:Name of a Keras callback for every training, with arguments "
        """as in keras.callbacks:CSVLogger={"filename": "{recipe}.csv"}; """
        "{recipe}, {stage} and {folder} are the training's.",
        flag_values=values,
    )


def _strategy_flag(values: flags.FlagValues, default: str | None) -> None:
    flags.DEFINE_string(
        "strategy",
        default,
        "Where to compute: none, mirrored, mirrored:N, multiworker or tpu; "
        + (
            "default: as before." if default is None else f"default: {default}."
        ),
        flag_values=values,
    )


def _deterministic_flag(values: flags.FlagValues, default: bool | None) -> None:
    flags.DEFINE_bool(
        "deterministic",
        default,
        "Let every operation give the same bits each time; slower on a GPU. "
        + ("Default: as before." if default is None else "Default: no."),
        flag_values=values,
    )


def _resume_flags(values: flags.FlagValues) -> None:
    _strategy_flag(values, None)
    _deterministic_flag(values, None)
    _callback_flag(values)


def _recipe(arguments: list[str], values: flags.FlagValues) -> recipes.Recipe:
    """The recipe that is named, or that of `--config`."""
    path = values["config"].value
    if bool(arguments) == (path is not None):
        raise ValueError(
            "either RECIPE or `--config` must be given. "
            f"Received: {'both' if arguments else 'none'}"
        )
    return recipes.find(arguments[0]) if arguments else shared.read(path)


def _run(arguments: list[str], values: flags.FlagValues) -> None:
    recipe = _recipe(arguments, values)
    overrides = shared.overrides(values)
    recipes.resolve(recipe, overrides)  # before TensorFlow loads
    if (budget := values["budget"].value) is not None:
        lengths.budget_seconds(budget)
    shared.runner().run(
        recipe,
        output=values["output"].value,
        seed=values["seed"].value,
        overrides=overrides,
        strategy=values["strategy"].value,
        budget=budget,
        deterministic=values["deterministic"].value,
        callbacks=values["callback"].value,
        is_complete=values["config"].value is not None,
    )


def _resume(arguments: list[str], values: flags.FlagValues) -> None:
    shared.runner().resume(
        arguments[0],
        strategy=values["strategy"].value,
        deterministic=values["deterministic"].value,
        callbacks=values["callback"].value,
    )


def _profile_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string(
        "output",
        None,
        "The folder to write, new or empty; it must be given.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "steps",
        5,
        "Steps of each of six calls: one compiles, one is traced; default: 5.",
        lower_bound=1,
        flag_values=values,
    )
    _strategy_flag(values, "none")
    shared.set_flag(values)


def _profile(arguments: list[str], values: flags.FlagValues) -> None:
    recipe = recipes.find(arguments[0])
    overrides = shared.overrides(values)
    recipes.resolve(recipe, overrides)  # before TensorFlow loads
    if values["output"].value is None:
        raise ValueError("`--output` must be given. Received: none")
    runner = shared.runner()
    with messages.shown(True):
        path = runner.profile(
            recipe,
            output=values["output"].value,
            steps=values["steps"].value,
            overrides=overrides,
            strategy=values["strategy"].value,
        )
    print(path.read_text())
    print(f"{path}, beside the trace for TensorBoard")


COMMANDS = {
    "run": shared.Command(
        "[RECIPE]",
        "Train a recipe and its baselines; write a run folder.",
        _run_flags,
        _run,
    ),
    "resume": shared.Command(
        "RUN",
        "Go on with an interrupted run, from its last snapshot.",
        _resume_flags,
        _resume,
    ),
    "profile": shared.Command(
        "RECIPE",
        "Train a few steps; write what they cost, and a trace.",
        _profile_flags,
        _profile,
    ),
}
