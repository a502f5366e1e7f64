"""The sections on single classes: which are found, which are confused."""

import numpy as np

from keras_mpl.report.html import charts
from keras_mpl.report.html import markup
from keras_mpl.report.html.finished import Finished
from keras_mpl.report.html.markup import Child
from keras_mpl.report.html.markup import element

_MOST = 25  # classes of a matrix that has names
_PAIRS = 15  # of classes that are confused


def confusion(run: Finished) -> list[Child]:
    """Returns the confusion matrix of the test examples."""
    from sklearn import metrics

    labels, logits, _ = run.predictions["test"]
    matrix = metrics.confusion_matrix(
        labels, logits.argmax(axis=1), labels=np.arange(run.num_classes)
    )
    intro = element(
        "p",
        "A row is a true class, a column is what the student says. The shade "
        "is the share of the true class; right answers are blue, wrong ones "
        "orange.",
    )
    if run.num_classes > _MOST:
        drawn = charts.heat_map(matrix)
        picture = markup.image(drawn, "Confusion matrix", "wide")
        intro = element("p", "A row is a true class, by its number.")
        return [intro, picture, *_most_confused(run, matrix)]
    return [intro, _matrix(run, matrix), *_most_confused(run, matrix)]


def _matrix(run: Finished, matrix: np.ndarray) -> markup.Element:
    names = [run.class_name(label) for label in range(run.num_classes)]
    sums = np.maximum(matrix.sum(axis=1), 1)
    rows: list[list[Child]] = []
    for label, counts in enumerate(matrix):
        cells: list[Child] = [names[label]]
        for said, count in enumerate(counts):
            color = "0, 114, 178" if said == label else "213, 94, 0"
            share = float(count / sums[label])
            cells.append(markup.shaded(str(count or "·"), share, color))
        rows.append([*cells, str(counts.sum())])
    titles = [element("span", name) for name in (*names, "all")]
    return markup.table(("true class", *titles), rows, "matrix")


def _most_confused(run: Finished, matrix: np.ndarray) -> list[Child]:
    wrong = matrix - np.diag(np.diag(matrix))
    order = np.argsort(-wrong, axis=None, kind="stable")[:_PAIRS]
    pairs = [divmod(int(place), run.num_classes) for place in order]
    rows = [
        [
            run.class_name(label),
            run.class_name(said),
            str(wrong[label, said]),
            f"{100 * wrong[label, said] / matrix[label].sum():.0f} %",
        ]
        for label, said in pairs
        if wrong[label, said]
    ]
    if not rows:
        return [element("p", "No test example is given a wrong class.")]
    header = ("true class", "said class", "examples", "of the true class")
    return [element("h3", "Most often confused"), markup.table(header, rows)]


def per_class(run: Finished) -> list[Child]:
    """Returns precision, recall and F1 of every class on the test set."""
    from sklearn import metrics

    labels, logits, _ = run.predictions["test"]
    found = metrics.precision_recall_fscore_support(
        labels,
        logits.argmax(axis=1),
        labels=np.arange(run.num_classes),
        zero_division=0.0,
    )
    said = np.bincount(logits.argmax(axis=1), minlength=run.num_classes)
    rows = [
        [
            run.class_name(label),
            *(_percent(values[label]) for values in found[:3]),
            str(found[3][label]),
            str(said[label]),
        ]
        for label in range(run.num_classes)
    ]
    there = found[3] > 0
    means = [float(np.mean(values[there])) for values in found[:3]]
    total = str(len(labels))
    rows.append(["mean of the classes", *map(_percent, means), total, total])
    header = ("class", "precision", "recall", "F1", "true", "said")
    return [
        element(
            "p",
            "Precision is the share of the answers of a class that are right, "
            "recall is the share of the class that is found, and F1 is their "
            "harmonic mean. The mean recall of the classes is the balanced "
            "accuracy. Classes without a test example are not in the means.",
        ),
        markup.table(header, rows),
    ]


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f} %"
