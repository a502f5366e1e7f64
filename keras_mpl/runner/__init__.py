"""From a recipe to a trained student and a run folder, and back.

The names of a recipe become objects in `building`, a live run is `execution`,
and `tools` use what a finished run has left, or need no run at all.
"""

from keras_mpl.runner.building.callbacks import Training
from keras_mpl.runner.building.defaults import Choice
from keras_mpl.runner.building.defaults import choose
from keras_mpl.runner.building.strategies import make_strategy
from keras_mpl.runner.execution.jobs import RunResult
from keras_mpl.runner.execution.training import resume
from keras_mpl.runner.execution.training import run
from keras_mpl.runner.tools.evaluation import Score
from keras_mpl.runner.tools.evaluation import class_names
from keras_mpl.runner.tools.evaluation import evaluate
from keras_mpl.runner.tools.finetuning import finetune
from keras_mpl.runner.tools.gradient_check import verify
from keras_mpl.runner.tools.inspection import describe
from keras_mpl.runner.tools.inspection import preview
from keras_mpl.runner.tools.prediction import Prediction
from keras_mpl.runner.tools.prediction import Predictions
from keras_mpl.runner.tools.prediction import Unread
from keras_mpl.runner.tools.prediction import UnreadableImagesError
from keras_mpl.runner.tools.prediction import predict
from keras_mpl.runner.tools.profiling import profile
from keras_mpl.runner.tools.reporting import compare
from keras_mpl.runner.tools.reporting import write_report
from keras_mpl.runner.tools.selection import precompute
from keras_mpl.runner.tools.selection import select
from keras_mpl.runner.tools.shipping import export

__all__ = [
    "Choice",
    "Prediction",
    "Predictions",
    "RunResult",
    "Score",
    "Training",
    "Unread",
    "UnreadableImagesError",
    "choose",
    "class_names",
    "compare",
    "describe",
    "evaluate",
    "export",
    "finetune",
    "make_strategy",
    "precompute",
    "predict",
    "preview",
    "profile",
    "resume",
    "run",
    "select",
    "verify",
    "write_report",
]
