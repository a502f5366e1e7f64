"""The output of a run: its folder, its records, its figures and its report.

Everything here is made from plain records. Must not import recipes, trainers
or data.
"""

from keras_mpl.report.answers import AnswersFile
from keras_mpl.report.counting import Counting
from keras_mpl.report.diagnosis.calibration import calibrated
from keras_mpl.report.diagnosis.choices import telling_examples
from keras_mpl.report.diagnosis.pseudo_labels import measured_pseudo_labels
from keras_mpl.report.examples import write_examples
from keras_mpl.report.figures import curves
from keras_mpl.report.figures import samples
from keras_mpl.report.folder import append_record
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
from keras_mpl.report.formats import PseudoLabels
from keras_mpl.report.formats import Result
from keras_mpl.report.formats import Row
from keras_mpl.report.formats import Selection
from keras_mpl.report.formats import StoredFor
from keras_mpl.report.formats import Verdict
from keras_mpl.report.html.writing import calibrate
from keras_mpl.report.html.writing import write_comparison
from keras_mpl.report.html.writing import write_page
from keras_mpl.report.page import page
from keras_mpl.report.page import summary
from keras_mpl.report.plane import decision_regions
from keras_mpl.report.plane import plane
from keras_mpl.report.predictions import Predictions
from keras_mpl.report.predictions import read_predictions
from keras_mpl.report.predictions import write_predictions
from keras_mpl.report.progress import MetricsLog
from keras_mpl.report.progress import Progress
from keras_mpl.report.reading import PSEUDO_LABELS
from keras_mpl.report.reading import check_plain
from keras_mpl.report.reading import read_json
from keras_mpl.report.reading import read_labels
from keras_mpl.report.reading import read_pseudo_labels
from keras_mpl.report.reading import read_records
from keras_mpl.report.reading import read_temperature
from keras_mpl.report.record import environment
from keras_mpl.report.record import row
from keras_mpl.report.record import set_validation
from keras_mpl.report.scores import real_accuracy
from keras_mpl.report.scores import scores
from keras_mpl.report.sheet import contact_sheet
from keras_mpl.report.verdict import Training
from keras_mpl.report.verdict import compare_trainings
from keras_mpl.report.verdict import verdict_lines

__all__ = [
    "PSEUDO_LABELS",
    "AnswersFile",
    "Compared",
    "Config",
    "Counting",
    "Environment",
    "Evaluation",
    "Exported",
    "MetricsLog",
    "Origin",
    "Predictions",
    "Progress",
    "PseudoLabels",
    "Result",
    "Row",
    "Selection",
    "StoredFor",
    "Training",
    "Verdict",
    "append_record",
    "calibrate",
    "calibrated",
    "check_plain",
    "compare_trainings",
    "contact_sheet",
    "create_folder",
    "curves",
    "decision_regions",
    "drop_records",
    "environment",
    "measured_pseudo_labels",
    "page",
    "plane",
    "read_json",
    "read_labels",
    "read_predictions",
    "read_pseudo_labels",
    "read_records",
    "read_temperature",
    "real_accuracy",
    "replace",
    "row",
    "samples",
    "scores",
    "set_validation",
    "summary",
    "telling_examples",
    "verdict_lines",
    "write_comparison",
    "write_examples",
    "write_json",
    "write_labels",
    "write_page",
    "write_predictions",
]
