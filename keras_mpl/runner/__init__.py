"""From a recipe to a trained student and a run folder, and back.

The only place where names become objects (`assembly`).
"""

from keras_mpl.runner.checkup import verify
from keras_mpl.runner.looks import describe
from keras_mpl.runner.looks import preview
from keras_mpl.runner.reuse import Score
from keras_mpl.runner.reuse import evaluate
from keras_mpl.runner.reuse import predict
from keras_mpl.runner.training import RunResult
from keras_mpl.runner.training import run

__all__ = [
    "RunResult",
    "Score",
    "describe",
    "evaluate",
    "predict",
    "preview",
    "run",
    "verify",
]
