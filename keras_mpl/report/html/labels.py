"""The sections on labels: the pseudo labels, and given ones that look wrong."""

from collections.abc import Sequence

from keras_mpl.report import tables
from keras_mpl.report.diagnosis import choices
from keras_mpl.report.diagnosis import pseudo_labels
from keras_mpl.report.formats import PseudoLabels
from keras_mpl.report.html import confidence
from keras_mpl.report.html import markup
from keras_mpl.report.html.finished import Finished
from keras_mpl.report.html.markup import Child
from keras_mpl.report.html.markup import element

# Of the sets whose labels are looked at, what a reader must know.
_PARTS = {
    "validation": "Training has not seen these labels.",
    "test": "Training has not seen these labels.",
    "labeled": "The student may have learned these labels, right or wrong: "
    "what is listed here is what it has not learned, and a wrong label can be "
    "missing.",
}

_BELIEVED = 0.25  # the share of labels up to which a student is believed


def moved(run: Finished) -> list[Child]:
    """Returns how the pseudo labels moved, of each recipe that has some."""
    if not run.pseudo_labels:
        text = (
            "The run folder has no pseudo_labels.jsonl: the run is of an "
            "earlier version, its data are streamed, or none of its methods "
            "uses unlabelled examples."
        )
        return [element("p", text)]
    parts: list[Child] = [
        element(
            "p",
            "At some steps a fixed sample of unlabelled examples was given to "
            "the teacher and to the averaged student, without augmentation. "
            "Training was not changed by it.",
        )
    ]
    names = [row["recipe"] for row in reversed(run.result["rows"])]
    for name in names:
        found = pseudo_labels.of_recipe(list(run.pseudo_labels), name)
        if found:
            parts += [element("h3", name), *_of_recipe(run, found)]
    return parts


def _of_recipe(run: Finished, found: Sequence[PseudoLabels]) -> list[Child]:
    networks = list(found[-1]["networks"])
    header = ["step", *(["they agree"] if "teacher" in networks else [])]
    for network in networks:
        header += [
            f"{network}: above the threshold",
            f"{network}: mean confidence",
        ]
    rows = [_of_step(record, networks) for record in found]
    last = found[-1]
    text = (
        f"{last['num_examples']:,} unlabelled examples; the threshold of the "
        f"confidence is {last['confidence_threshold']:g}."
    )
    if any(record["stage"] != "train" for record in found):
        text += " The method has several rounds, which follow each other."
    return [
        element("p", text),
        markup.table(header, rows),
        *_counts(run, found),
        *_never_said(run, last),
    ]


def _of_step(record: PseudoLabels, networks: Sequence[str]) -> list[str]:
    cells = [f"{record['step']:,} ({100 * record['share']:.0f} %)"]
    if "teacher" in networks:
        cells.append(tables.percent(record["agreement"]))
    for network in networks:
        own = record["networks"][network]
        cells.append(tables.percent(own["above"]))
        cells.append(tables.percent(own["confidence"]))
    return cells


def _counts(run: Finished, found: Sequence[PseudoLabels]) -> list[Child]:
    """Returns how often each class was said, at each step."""
    columns = [
        (f"{network}, step {record['step']:,}", own["counts"])
        for network in found[-1]["networks"]
        for record in found
        if (own := record["networks"].get(network))
    ]
    greatest = max(max(counts) for _, counts in columns) or 1
    rows: list[list[Child]] = [
        [
            run.class_name(label),
            *(
                markup.shaded(str(counts[label]), counts[label] / greatest)
                for _, counts in columns
            ),
        ]
        for label in range(len(columns[0][1]))
    ]
    header = ("class", *(title for title, _ in columns))
    return [
        element("p", "Examples that are given each class:"),
        markup.table(header, rows),
    ]


def _never_said(run: Finished, last: PseudoLabels) -> list[Child]:
    """Returns a warning of classes that no example is given at the end."""
    network = "teacher" if "teacher" in last["networks"] else "student"
    counts = last["networks"][network]["counts"]
    lost = [run.class_name(label) for label, n in enumerate(counts) if not n]
    if not lost:
        return []
    text = (
        f"At the end the {network} gives no example of this sample the "
        f"class {', '.join(lost)}."
    )
    return [element("p", text, class_="wrong")]


def suspicious(run: Finished) -> list[Child]:
    """Returns the given labels that may be wrong."""
    parts: list[Child] = [
        element(
            "p",
            "A label is listed here if the student gives another class at "
            "least the probability that this class has on average where it is "
            "the label (confident learning: Northcutt, Jiang and Chuang 2021, "
            "arXiv:1911.00068). The label with the lowest probability comes "
            "first. A person should look at them: it may as well be the "
            "student that is wrong.",
        )
    ]
    for part, words in _PARTS.items():
        if part in run.predictions:
            parts += _suspicious(run, part, words)
    return parts


def _suspicious(run: Finished, part: str, words: str) -> list[Child]:
    labels = run.predictions[part].labels
    rows = choices.suspects(run.probs(part), labels)
    title = f"{part}: {len(rows)} of {len(labels):,} labels"
    parts: list[Child] = [element("h3", title)]
    if len(rows) > _BELIEVED * len(labels):
        text = (
            "These are so many that it is the student that is wrong, and not "
            "the labels. None is shown."
        )
        return [*parts, element("p", text)]
    if len(rows) > choices.MOST:
        words += f" The first {choices.MOST} are shown."
    if len(rows):
        shown = confidence.shown(run, part, rows[: choices.MOST])
        parts += [element("p", words, class_="soft"), *shown]
    return parts
