"""The sections on confidence: whether it is right, and where it is not."""

import numpy as np

from keras_mpl.report.diagnosis import calibration
from keras_mpl.report.diagnosis import choices
from keras_mpl.report.html import charts
from keras_mpl.report.html import markup
from keras_mpl.report.html.finished import Finished
from keras_mpl.report.html.markup import Child
from keras_mpl.report.html.markup import element


def calibrated(run: Finished) -> list[Child]:
    """Returns the reliability diagram, and what the temperature changes."""
    labels, logits, _ = run.predictions["test"]
    shown = {"as trained": calibration.calibrated(logits)}
    if run.temperature is not None:
        shown[f"calibrated, temperature {run.temperature:.2f}"] = run.probs(
            "test"
        )
    found = {
        title: calibration.reliability(probs, labels)
        for title, probs in shown.items()
    }
    rows = [
        [
            title,
            f"{100 * found[title].error:.1f} %",
            f"{100 * calibration.error_by_chance(probs):.1f} %",
            f"{100 * probs.max(axis=1).mean():.1f} %",
            f"{100 * np.mean(probs.argmax(axis=1) == labels):.1f} %",
            f"{calibration.log_loss(probs, labels):.3f}",
        ]
        for title, probs in shown.items()
    ]
    header = (
        f"{len(labels):,} test examples",
        "expected calibration error",
        "error by chance",
        "mean confidence",
        "accuracy",
        "cross-entropy",
    )
    return [
        element(
            "p",
            "Of the answers with a probability of 80 %, 80 % should be right. "
            "The expected calibration error is the mean distance from that, "
            f"over {calibration.NUM_BINS} bins of the probability. The error "
            "by chance is what faultless probabilities would have on as few "
            "examples.",
        ),
        markup.table(header, rows),
        markup.image(charts.diagram(found), "Reliability diagram", "wide"),
        _of_temperature(run),
    ]


def _of_temperature(run: Finished) -> markup.Element:
    count = len(run.predictions["validation"].labels)
    if run.temperature is None:
        return element(
            "p",
            "No temperature was fitted. It needs at least "
            f"{calibration.MIN_EXAMPLES} validation examples, some of them "
            f"answered wrongly and some rightly; this run has {count}.",
        )
    return element(
        "p",
        f"The temperature was fitted on the {count:,} validation examples, "
        "never on the test set, and is in calibration.json. The command ",
        element("code", "keras-mpl predict"),
        " divides the logits by it. All probabilities below are calibrated; "
        "the class that the student says is the same. (Guo et al. 2017, "
        "arXiv:1706.04599.)",
    )


def worst(run: Finished) -> list[Child]:
    """Returns the wrong answers of which the student is most sure."""
    labels = run.predictions["test"].labels
    rows = choices.worst(run.probs("test"), labels)
    if not len(rows):
        return [element("p", "No test example is given a wrong class.")]
    intro = (
        f"These {len(rows)} test examples have wrong answers, the most "
        "confident ones first. Either the student has not learned what they "
        "show, or the given label is wrong."
    )
    return [element("p", intro), *shown(run, "test", rows)]


def least_certain(run: Finished) -> list[Child]:
    """Returns the answers of which the student is least sure."""
    rows = choices.least_certain(run.probs("test"))
    intro = (
        f"These are the {len(rows)} test examples with the lowest "
        "probability of the said class, whether it is right or not. It may "
        "help most to label more examples like these."
    )
    return [element("p", intro), *shown(run, "test", rows)]


def shown(run: Finished, part: str, rows: np.ndarray) -> list[Child]:
    """Returns examples with their labels and answers.

    Args:
        run: The run.
        part: `validation` or `test`.
        rows: Their places in it.

    Returns:
        Pictures if the run folder has them, and a table otherwise.
    """
    pictures = [run.example(part, row) for row in rows.tolist()]
    if any(pictures):
        captioned = [
            _captioned(run, part, row, picture)
            for row, picture in zip(rows.tolist(), pictures, strict=True)
        ]
        return [element("div", *captioned, class_="pictures")]
    header = ("example", "label", "said", "probability", "of the label")
    return [
        markup.table(
            header, [_line(run, part, row) for row in rows.tolist()], "texts"
        )
    ]


def _line(run: Finished, part: str, row: int) -> list[str]:
    label = int(run.predictions[part].labels[row])
    probs = run.probs(part)[row]
    said = int(probs.argmax())
    return [
        run.example_name(part, row),
        run.class_name(label),
        run.class_name(said),
        f"{100 * probs[said]:.1f} %",
        f"{100 * probs[label]:.1f} %",
    ]


def _captioned(
    run: Finished, part: str, row: int, picture: bytes | None
) -> markup.Element:
    name, label, said, prob, of_label = _line(run, part, row)
    is_right = label == said
    look = "" if is_right else "wrong"
    number = element("span", prob, class_="keep")
    given: list[Child] = [f"label {label}"]
    if not is_right:
        given += [", ", element("span", of_label, class_="keep")]
    caption = element(
        "figcaption",
        element("span", f"said {said}, ", number, class_=look),
        element("br"),
        *given,
        element("br"),
        element("span", name, class_="soft"),
    )
    if picture is None:
        return element("figure", caption)
    kind = "tiny" if picture.startswith(b"\x89PNG") else ""
    return element("figure", markup.image(picture, name, kind), caption)
