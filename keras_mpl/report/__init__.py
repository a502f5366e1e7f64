"""The output of a run: its folder, its records, its figures and its report.

Everything here is made from plain records. Must not import recipes, trainers
or data.
"""

from keras_mpl.report.figures import curves
from keras_mpl.report.figures import samples
from keras_mpl.report.folder import create_folder
from keras_mpl.report.folder import drop_records
from keras_mpl.report.folder import replace
from keras_mpl.report.folder import write_json
from keras_mpl.report.folder import write_labels
from keras_mpl.report.formats import Compared
from keras_mpl.report.formats import Config
from keras_mpl.report.formats import Environment
from keras_mpl.report.formats import Evaluation
from keras_mpl.report.formats import Exported
from keras_mpl.report.formats import Origin
from keras_mpl.report.formats import Result
from keras_mpl.report.formats import Row
from keras_mpl.report.formats import Selection
from keras_mpl.report.formats import Verdict
from keras_mpl.report.page import page
from keras_mpl.report.page import summary
from keras_mpl.report.plane import decision_regions
from keras_mpl.report.plane import plane
from keras_mpl.report.predictions import Predictions
from keras_mpl.report.predictions import read_predictions
from keras_mpl.report.predictions import write_predictions
from keras_mpl.report.progress import MetricsLog
from keras_mpl.report.progress import Progress
from keras_mpl.report.reading import check_plain
from keras_mpl.report.reading import read_json
from keras_mpl.report.reading import read_labels
from keras_mpl.report.reading import read_records
from keras_mpl.report.record import environment
from keras_mpl.report.record import row
from keras_mpl.report.scores import real_accuracy
from keras_mpl.report.scores import scores
from keras_mpl.report.sheet import contact_sheet
from keras_mpl.report.verdict import Training
from keras_mpl.report.verdict import compare_trainings
from keras_mpl.report.verdict import verdict_lines

__all__ = [
    "Compared",
    "Config",
    "Environment",
    "Evaluation",
    "Exported",
    "MetricsLog",
    "Origin",
    "Predictions",
    "Progress",
    "Result",
    "Row",
    "Selection",
    "Training",
    "Verdict",
    "check_plain",
    "compare_trainings",
    "contact_sheet",
    "create_folder",
    "curves",
    "decision_regions",
    "drop_records",
    "environment",
    "page",
    "plane",
    "read_json",
    "read_labels",
    "read_predictions",
    "read_records",
    "real_accuracy",
    "replace",
    "row",
    "samples",
    "scores",
    "summary",
    "verdict_lines",
    "write_json",
    "write_labels",
    "write_predictions",
]
