"""From a recipe to a trained student and a run folder, and back.

The only place where names become objects (`assembly`).
"""

from keras_mpl.runner.carrying_out import RunResult
from keras_mpl.runner.checkup import verify
from keras_mpl.runner.finetuning import finetune
from keras_mpl.runner.looks import describe
from keras_mpl.runner.looks import preview
from keras_mpl.runner.reuse import Score
from keras_mpl.runner.reuse import class_names
from keras_mpl.runner.reuse import evaluate
from keras_mpl.runner.reuse import predict
from keras_mpl.runner.storing import precompute
from keras_mpl.runner.storing import select
from keras_mpl.runner.strategies import make_strategy
from keras_mpl.runner.training import resume
from keras_mpl.runner.training import run

__all__ = [
    "RunResult",
    "Score",
    "class_names",
    "describe",
    "evaluate",
    "finetune",
    "make_strategy",
    "precompute",
    "predict",
    "preview",
    "resume",
    "run",
    "select",
    "verify",
]
