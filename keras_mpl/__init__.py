"""Meta Pseudo Labels (arXiv:2003.10580) for Keras 3 on TensorFlow.

Importing the package is cheap: TensorFlow loads when a name that needs it is
used for the first time (PEP 562), with oneDNN turned on.
"""

import importlib
import os
import sys
from typing import TYPE_CHECKING

from keras_mpl import onednn

if TYPE_CHECKING:  # for checkers and editors; `__getattr__` does the work
    from keras_mpl import augment
    from keras_mpl import batch
    from keras_mpl import data
    from keras_mpl import ema
    from keras_mpl import feedback
    from keras_mpl import losses
    from keras_mpl import models
    from keras_mpl import recipes
    from keras_mpl import report
    from keras_mpl import runner
    from keras_mpl import schedules
    from keras_mpl import seeds
    from keras_mpl import trainers
    from keras_mpl import types
    from keras_mpl.batch import Batch
    from keras_mpl.models import export
    from keras_mpl.runner import finetune
    from keras_mpl.runner import run
    from keras_mpl.trainers import MetaPseudoLabels
    from keras_mpl.trainers import verify

__version__ = "0.1.0"

onednn.turn_on()

_HOME = {
    "Batch": "keras_mpl.batch",
    "MetaPseudoLabels": "keras_mpl.trainers",
    "export": "keras_mpl.models",
    "finetune": "keras_mpl.runner",
    "run": "keras_mpl.runner",
    "verify": "keras_mpl.trainers",
}
_MODULES = (
    "augment",
    "batch",
    "data",
    "ema",
    "feedback",
    "losses",
    "models",
    "recipes",
    "report",
    "runner",
    "schedules",
    "seeds",
    "trainers",
    "types",
)
_NO_TENSORFLOW = ("batch", "recipes", "report")

__all__ = [  # noqa: RUF022 (functions first, then modules)
    "Batch",
    "MetaPseudoLabels",
    "export",
    "finetune",
    "run",
    "verify",
    "augment",
    "data",
    "ema",
    "feedback",
    "losses",
    "models",
    "recipes",
    "schedules",
    "trainers",
]


def _require_tensorflow_backend() -> None:
    backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if backend == "tensorflow" or "keras" in sys.modules:
        backend = importlib.import_module("keras").config.backend()
    if backend != "tensorflow":
        raise ValueError(
            "keras_mpl needs Keras on TensorFlow: `KERAS_BACKEND` must be "
            f"'tensorflow' or unset. Received: KERAS_BACKEND={backend!r}"
        )


if not TYPE_CHECKING:  # else checkers and editors would accept any name

    def __getattr__(name: str) -> object:
        if name not in _HOME and name not in _MODULES:
            raise AttributeError(
                f"module {__name__!r} has no attribute {name!r}"
            )
        home = _HOME.get(name, f"{__name__}.{name}")
        if home.rpartition(".")[2] not in _NO_TENSORFLOW:
            _require_tensorflow_backend()
        module = importlib.import_module(home)
        value = getattr(module, name) if name in _HOME else module
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
