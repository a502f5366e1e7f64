"""The sections on what was trained, how well, and how to repeat it."""

from keras_mpl.report import tables
from keras_mpl.report import verdict
from keras_mpl.report.html import markup
from keras_mpl.report.html.finished import Finished
from keras_mpl.report.html.markup import Child
from keras_mpl.report.html.markup import element
from keras_mpl.report.page import counts_of
from keras_mpl.report.page import examples_of_a_step
from keras_mpl.report.reproduction import command
from keras_mpl.report.reproduction import lacking
from keras_mpl.report.results import ended_early
from keras_mpl.report.results import recipe_table
from keras_mpl.report.results import row_name
from keras_mpl.report.results import stage_table


def interval(accuracy: float, num_examples: int) -> str:
    """Returns the 95 % interval of an accuracy (Wilson), for people.

    Args:
        accuracy: A fraction.
        num_examples: How many examples it was measured on.

    >>> interval(0.8, 400)
    '75.8 to 83.6 %'
    """
    low, high = verdict.wilson(round(accuracy * num_examples), num_examples)
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def head(run: Finished) -> list[Child]:
    """Returns what stands on top: the summary and the test accuracy."""
    recipe, row = run.config["recipe"], run.row
    num_test = counts_of(run.config)["num_test"]
    accuracy = row["test_accuracy"]
    return [
        element("p", f"{recipe['summary']}.", class_="soft"),
        element(
            "p",
            "The student that this run has exported, of ",
            element("strong", row_name(row)),
            ", gives the right class to ",
            element("strong", tables.percent(accuracy)),
            f" of {num_test:,} test examples. The 95 % interval is "
            f"{interval(accuracy, num_test)} by the choice of these examples "
            "alone. The test set was evaluated once, after all training.",
        ),
        *_methods(run),
    ]


def _methods(run: Finished) -> list[Child]:
    """Returns which method did best, and whose student was exported."""
    result = run.result
    if "verdict" not in result or "exported" not in result:
        return []
    said = verdict.verdict_lines(result["verdict"])
    text = (
        "The intervals are of the choice of the test examples alone, and p is "
        "McNemar's exact test of those on which two methods differ. Another "
        "seed trains other students, which may be better or worse."
    )
    lines = element("ul", *(element("li", line) for line in said))
    reason = element("p", result["exported"]["reason"])
    caveat = element("p", text, class_="soft")
    return [element("div", lines, reason, caveat, class_="verdict")]


def results(run: Finished) -> list[Child]:
    """Returns the table of all trainings, and that of their stages."""
    header, rows = recipe_table(run.result)
    parts: list[Child] = [
        markup.table(header, rows),
        element(
            "p",
            "Accuracies on the test set after the last step; the last columns "
            "have the accuracy on the validation set and the seconds of "
            "training.",
            class_="soft",
        ),
        *(element("p", line) for line in ended_early(run.config, run.result)),
    ]
    found = stage_table(run.result)
    if found is not None:
        parts += [element("h3", "By stage"), markup.table(*found)]
    return parts


def curves(run: Finished) -> list[Child]:
    """Returns the learning curves."""
    return _figure(run, "curves.png", "Validation accuracy over the steps")


def samples(run: Finished) -> list[Child]:
    """Returns the picture of test examples, where the inputs can be drawn."""
    words = run.config.get("picture")
    if not words:
        return [element("p", "The inputs of this run cannot be drawn.")]
    return _figure(run, "samples.png", words)


def _figure(run: Finished, name: str, words: str) -> list[Child]:
    content = run.figure(name)
    if content is None:
        return [element("p", f"The run folder has no {name}.")]
    return [markup.image(content, words, "wide")]


def training(run: Finished) -> list[Child]:
    """Returns what was trained on which data, as a table."""
    config, counts = run.config, counts_of(run.config)
    recipe = config["recipe"]
    method = recipe["method"]["name"]
    if "feedback" in recipe["method"]:
        method += f", feedback {recipe['method']['feedback']}"
    steps = f"{recipe['train_steps']:,} of {examples_of_a_step(recipe)}"
    parts = ("labeled", "unlabeled", "validation", "test")
    sizes = ", ".join(f"{counts[f'num_{part}']:,} {part}" for part in parts)
    rows = {
        "recipe": recipe["name"],
        "method": method,
        "network": recipe["model"]["network"],
        "steps": steps,
        "data": f"{config['split']['name']}: {sizes}",
        "fingerprint of the split": config["split"]["fingerprint"],
        "settings changed": ", ".join(config["overrides"]) or "none",
        "seed": str(config["seed"]),
        "device": f"{config['device']}, {config['precision']}",
        "time": f"{run.result['wall_clock_seconds']:.0f} s",
        "versions": ", ".join(
            f"{k} {v}" for k, v in config["versions"].items()
        ),
        "commit": _commit(run),
        "skipped files": str(len(config.get("skipped_files", []))),
    }
    return [markup.table(("", ""), list(rows.items()), "texts")]


def _commit(run: Finished) -> str:
    commit = run.config["commit"]
    if commit is None:
        return "none, since this is an installed copy"
    return commit + (" with changes" if run.config["dirty"] else "")


def again(run: Finished) -> list[Child]:
    """Returns how the run is repeated."""
    if run.config.get("own_recipe"):  # the command line knows no name for it
        return [element("p", "report.md has the Python code that repeats it.")]
    said = (element("p", line) for line in lacking(run.config))
    return [element("pre", command(run.config)), *said]
