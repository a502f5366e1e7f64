"""The page of one run: its sections, in order."""

from collections.abc import Callable
from collections.abc import Sequence

from keras_mpl.report import escapes
from keras_mpl.report.html import classes
from keras_mpl.report.html import confidence
from keras_mpl.report.html import labels
from keras_mpl.report.html import markup
from keras_mpl.report.html import overview
from keras_mpl.report.html.finished import Finished
from keras_mpl.report.html.markup import Child
from keras_mpl.report.html.markup import element
from keras_mpl.report.results import row_name

# Title, and what is in it; these need the predictions of the student.
_DIAGNOSES: tuple[tuple[str, Callable[[Finished], list[Child]]], ...] = (
    ("Confusion matrix", classes.confusion),
    ("Classes", classes.per_class),
    ("Calibration", confidence.calibrated),
    ("Worst mistakes", confidence.worst),
    ("Least certain", confidence.least_certain),
    ("Suspicious labels", labels.suspicious),
)


@escapes.without_formulas
def document(run: Finished) -> str:
    """Returns the page of a run as HTML that needs no other file.

    Args:
        run: The run.
    """
    title = f"{row_name(run.result['rows'][-1])}, seed {run.config['seed']}"
    return markup.page(
        title,
        [
            ("", overview.head(run)),
            ("Results", overview.results(run)),
            ("Learning curves", overview.curves(run)),
            *_diagnoses(run),
            ("Test examples", overview.samples(run)),
            ("Pseudo labels", labels.moved(run)),
            ("What was trained", overview.training(run)),
            ("Run it again", overview.again(run)),
        ],
    )


def _diagnoses(run: Finished) -> list[tuple[str, Sequence[Child]]]:
    if run.missing:
        return [("Diagnosis", [element("p", run.missing)])]
    return [(title, made(run)) for title, made in _DIAGNOSES]
