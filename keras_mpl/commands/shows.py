"""Commands that show recipes, data and networks, and check the feedback."""

from absl import flags

import keras_mpl
from keras_mpl import names
from keras_mpl import recipes
from keras_mpl.commands import shared


def _list_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_bool(
        "all",
        False,
        "Show the recipes of the paper's tables as the others, not by name "
        "alone.",
        flag_values=values,
    )


def _list(arguments: list[str], values: flags.FlagValues) -> None:
    is_all = values["all"].value
    for recipe in recipes.RECIPES.values():
        if is_all or recipe.name not in recipes.PAPER:
            print(f"{recipe.name}  ({recipe.method.name})")
            print(f"    {recipe.summary}")
            print(f"    expected: {recipe.expected}")
    if not is_all:
        print("of the paper's tables; with --all as the others:")
        for name in recipes.PAPER:
            print(f"    {name}")


def _show_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_bool(
        "json",
        False,
        "Print all of the recipe as JSON, for `keras-mpl run --config FILE`.",
        flag_values=values,
    )
    shared.set_flag(values)


def _show(arguments: list[str], values: flags.FlagValues) -> None:
    recipe = _changed(arguments, values)
    if values["json"].value:
        print(recipe.to_json())
        return
    print(f"{recipes.title(recipe)}: {recipe.summary}")
    print(f"source: {recipe.source}")
    changed = recipes.changes(recipe, recipes.find(arguments[0]))
    if changed:
        print(f"changed: {', '.join(map(names.printable, changed))}")
    without = ", without the changes" if changed else ""
    print(f"expected{without}: {recipe.expected}")
    print(f"fingerprint: {recipe.fingerprint()}")
    shown = recipes.shown(recipe)
    for key, value in shown.items():
        print(f"  {key}={names.printable(recipes.format_value(value))}")
    further = [key for key in recipes.settings(recipe) if key not in shown]
    print(f"at their defaults: {', '.join(further)}")
    if recipe.name in recipes.PAPER:
        print("Where the recipe has its settings from:")
        for origin, keys in recipes.PAPER[recipe.name].by_origin().items():
            print(f"{origin}: {', '.join(keys)}")


def _preview_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string(
        "output",
        "preview.png",
        "The picture to write, such as a .png, .jpg, .svg or .pdf; default: "
        "preview.png.",
        flag_values=values,
    )
    _data_flags(values)


def _data_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_integer(
        "seed",
        0,
        "It decides which examples are labelled, their order and their views; "
        "default: 0.",
        lower_bound=0,
        upper_bound=2**32 - 1,
        flag_values=values,
    )
    shared.set_flag(values)


def _changed(arguments: list[str], values: flags.FlagValues) -> recipes.Recipe:
    return recipes.override(
        recipes.find(arguments[0]), shared.overrides(values)
    )


def _fitted(arguments: list[str], values: flags.FlagValues) -> recipes.Recipe:
    """The recipe as a run would have it, with what its files choose."""
    _changed(arguments, values)  # before TensorFlow loads
    recipe, items = recipes.find(arguments[0]), shared.overrides(values)
    chosen = shared.runner().choose(recipe, items)
    for choice in chosen:
        print(names.printable(f"chosen: {choice}"))
    return recipes.override(recipe, [*(one.item for one in chosen), *items])


def _preview(arguments: list[str], values: flags.FlagValues) -> None:
    recipe = _fitted(arguments, values)
    path = values["output"].value
    print(shared.runner().preview(recipe, path, seed=values["seed"].value))
    print(f"labelled, weak and strong views: {names.printable(path)}")


def _data(arguments: list[str], values: flags.FlagValues) -> None:
    recipe = _fitted(arguments, values)
    print(shared.runner().describe(recipe, seed=values["seed"].value))


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
        "Of the student, under SGD with Nesterov momentum; default: 0.1.",
        lower_bound=0.0,
        flag_values=values,
    )


def _verify(arguments: list[str], values: flags.FlagValues) -> int:
    found = shared.runner().verify(
        values["teacher"].value,
        values["student"].value,
        learning_rate=values["learning_rate"].value,
    )
    print(found)
    return 0 if found.passed else 1


def _models_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string(
        "match",
        "",
        "List only names that contain this text.",
        flag_values=values,
    )


def _models(arguments: list[str], values: flags.FlagValues) -> None:
    models = shared.without_messages(lambda: keras_mpl.models)
    for line in models.table(values["match"].value):
        print(line, flush=True)


COMMANDS = {
    "list": shared.Command("", "List the recipes.", _list_flags, _list),
    "show": shared.Command(
        "RECIPE", "Show a recipe's settings.", _show_flags, _show
    ),
    "preview": shared.Command(
        "RECIPE",
        "Draw a contact sheet of labelled, weak and strong views.",
        _preview_flags,
        _preview,
    ),
    "data": shared.Command(
        "RECIPE",
        "Count the examples of each class in each set.",
        _data_flags,
        _data,
    ),
    "models": shared.Command(
        "",
        "List the networks with their sizes, counted as they are listed.",
        _models_flags,
        _models,
    ),
    "verify": shared.Command(
        "",
        "Check the feedback against central differences of Eq. 3.",
        _verify_flags,
        _verify,
    ),
}
