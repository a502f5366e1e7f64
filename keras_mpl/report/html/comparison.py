"""The page that puts several runs side by side."""

import os
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np

from keras_mpl.report import escapes
from keras_mpl.report import reading
from keras_mpl.report import tables
from keras_mpl.report import verdict
from keras_mpl.report.diagnosis import calibration
from keras_mpl.report.formats import Compared
from keras_mpl.report.html import charts
from keras_mpl.report.html import markup
from keras_mpl.report.html import overview
from keras_mpl.report.html.finished import Finished
from keras_mpl.report.html.markup import Child
from keras_mpl.report.html.markup import element
from keras_mpl.report.page import counts_of
from keras_mpl.report.results import row_name

_NONE = "-"
_IN_WORDS = ("summary", "source", "expected")  # of a recipe, for people


@escapes.without_formulas
def comparison(runs: Sequence[Finished]) -> str:
    """Returns a page that puts runs side by side.

    Args:
        runs: Two or more.
    """
    names = [str(run.folder) for run in runs]
    head = element(
        "p",
        "Each run is compared by the student that it has exported.",
        class_="soft",
    )
    return markup.page(
        f"{len(runs)} runs side by side",
        [
            ("", [head]),
            ("Results", _results(names, runs)),
            ("On the same test examples", _paired(names, runs)),
            ("Learning curves", _curves(names, runs)),
            ("Recall of the classes", _recalls(names, runs)),
            ("Settings that differ", _settings(names, runs)),
        ],
    )


def _results(names: Sequence[str], runs: Sequence[Finished]) -> list[Child]:
    header = (
        "run",
        "student of",
        "seed",
        "test accuracy",
        "95 % interval",
        "validation",
        "calibration error",
        "seconds",
    )
    rows = []
    for name, run in zip(names, runs, strict=True):
        accuracy = run.row["test_accuracy"]
        num_test = counts_of(run.config)["num_test"]
        rows.append(
            [
                name,
                row_name(run.row),
                str(run.config["seed"]),
                tables.percent(accuracy),
                overview.interval(accuracy, num_test),
                tables.percent(run.row["val_accuracy"]),
                _calibration_error(run),
                f"{run.row['seconds']:.0f}",
            ]
        )
    text = (
        "The interval is Wilson's, by the choice of the test examples alone; "
        "another seed changes a result, too. The calibration error is that of "
        "calibrated probabilities where a temperature was fitted."
    )
    return [markup.table(header, rows), element("p", text, class_="soft")]


def _calibration_error(run: Finished) -> str:
    if run.missing:
        return _NONE
    labels = run.predictions["test"].labels
    return tables.percent(
        calibration.reliability(run.probs("test"), labels).error
    )


def _paired(names: Sequence[str], runs: Sequence[Finished]) -> list[Child]:
    """Compares every run with the first one on the same examples."""
    first, rows = runs[0], []
    for name, run in zip(names[1:], runs[1:], strict=True):
        if not _have_one_test_set(first, run):
            why = "it has other test examples, or kept none of its answers"
            rows.append([name, why, "", "", ""])
            continue
        trainings = [
            verdict.Training("first", names[0], _is_right(first)),
            verdict.Training("other", name, _is_right(run)),
        ]
        found = verdict.compare_trainings(trainings, "first", "examples")
        rows.append([name, *_difference(found["methods"][1])])
    header = ("run", "difference", "95 % interval", "p", "")
    text = (
        f"Each run is compared with {names[0]} on the test examples that both "
        "have. The difference is in points of accuracy, and p is McNemar's "
        "exact test. Both are of the choice of these examples; they say "
        "nothing about other seeds."
    )
    return [element("p", text), markup.table(header, rows)]


def _difference(found: Compared) -> list[str]:
    low, high = (100 * bound for bound in found["difference_interval"])
    return [
        f"{100 * found['difference']:+.1f}",
        f"{low:.1f} to {high:.1f}",
        f"{found['p_value']:.2g}",
        found["outcome"],
    ]


def _have_one_test_set(one: Finished, other: Finished) -> bool:
    """Whether two runs were tested on the same examples, in the same order.

    Where both say which files they read, those must be the same ones, and the
    names count as seen from the innermost folder that holds all of them: a run
    may name its folder relative to where it began, or another copy of it.
    """
    if one.missing or other.missing:
        return False
    a, b = one.predictions["test"], other.predictions["test"]
    if not np.array_equal(a.labels, b.labels):
        return False
    files = _digest_of_test(one), _digest_of_test(other)
    if None in files:  # no files, or a run of an older version
        return [*a.paths] == [*b.paths]
    return files[0] == files[1] and _inside(a.paths) == _inside(b.paths)


def _digest_of_test(run: Finished) -> str | None:
    """Returns that of the files that hold the test examples, if it is known."""
    digests = run.config["split"].get("digests", {})
    return digests.get("test", digests.get("labeled"))


def _inside(paths: Sequence[str]) -> list[str]:
    """Returns paths relative to the folder that they share.

    >>> _inside(["a/b/1.png", "a/c/2.png"]), _inside(["/a/1.png"])
    (['b/1.png', 'c/2.png'], ['1.png'])
    """
    try:
        shared = os.path.commonpath([os.path.dirname(path) for path in paths])
    except ValueError:  # no paths, or they share none
        return [*paths]
    return [os.path.relpath(path, shared or os.curdir) for path in paths]


def _is_right(run: Finished) -> np.ndarray:
    labels, logits, _ = run.predictions["test"]
    return np.asarray(logits.argmax(axis=1) == labels)


def _curves(names: Sequence[str], runs: Sequence[Finished]) -> list[Child]:
    lines = []
    for name, run in zip(names, runs, strict=True):
        recipe = run.row["recipe"]
        records = reading.read_records(run.folder)
        own = [record for record in records if record["recipe"] == recipe]
        lines.append((f"{name}: {row_name(run.row)}", own))
    drawn = charts.overlaid(lines)
    return [markup.image(drawn, "Validation accuracy over the steps", "wide")]


def _recalls(names: Sequence[str], runs: Sequence[Finished]) -> list[Child]:
    by_run = [_recall(run) for run in runs]
    classes = sorted({name for found in by_run for name in found})
    if not classes:
        return [element("p", "No run has kept what its student says.")]
    rows: list[list[Child]] = [
        [
            name,
            *(
                markup.shaded(tables.percent(found[name]), found[name])
                if name in found
                else _NONE
                for found in by_run
            ),
        ]
        for name in classes
    ]
    return [markup.table(("class", *names), rows)]


def _recall(run: Finished) -> dict[str, float]:
    """Returns the recall of every class that has test examples."""
    if run.missing:
        return {}
    labels, is_right = run.predictions["test"].labels, _is_right(run)
    return {
        run.class_name(label): float(is_right[labels == label].mean())
        for label in np.unique(labels).tolist()
    }


def _settings(names: Sequence[str], runs: Sequence[Finished]) -> list[Child]:
    by_run = [_flat(_of_run(run)) for run in runs]
    keys = dict.fromkeys(key for found in by_run for key in found)
    rows = [
        [key, *(found.get(key, _NONE) for found in by_run)]
        for key in keys
        if len({found.get(key) for found in by_run}) > 1
    ]
    if not rows:
        return [element("p", "All settings are the same.")]
    return [markup.table(("setting", *names), rows, "texts")]


def _of_run(run: Finished) -> dict[str, object]:
    config = run.config
    recipe = config["recipe"]
    return {
        **{key: recipe[key] for key in recipe if key not in _IN_WORDS},
        "seed": config["seed"],
        "split": config["split"],
        "device": config["device"],
        "precision": config["precision"],
        "strategy": config.get("strategy", "none"),
        "versions": config["versions"],
        "commit": config["commit"],
    }


def _flat(values: Mapping[str, object], above: str = "") -> dict[str, str]:
    """Returns nested values by dotted keys.

    >>> _flat({"a": {"b": 1, "c": None}})
    {'a.b': '1', 'a.c': 'none'}
    """
    found: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{above}{key}.")
        elif isinstance(value, list | tuple):
            found[f"{above}{key}"] = ", ".join(map(str, value)) or "none"
        else:
            found[f"{above}{key}"] = "none" if value is None else str(value)
    return found
