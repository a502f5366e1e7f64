"""Turns on oneDNN, which halves a step on most processors.

TensorFlow turns it on by itself only where the processor has AVX512-VNNI or
better; laptops, Colab and many servers have not. It reads the variable when it
is imported. Must not import TensorFlow before it is needed.
"""

import os
import platform
import sys
import warnings

VARIABLE = "TF_ENABLE_ONEDNN_OPTS"


def turn_on() -> None:
    """Turns oneDNN on, unless the user has said whether they want it.

    Too late where TensorFlow is imported already; then a warning says what to
    do, if oneDNN is off.
    """
    is_x86 = platform.machine().lower() in ("x86_64", "amd64")
    if VARIABLE in os.environ or not is_x86:
        return
    if "tensorflow" not in sys.modules:
        os.environ[VARIABLE] = "1"
    elif is_on() is False:
        warnings.warn(
            "TensorFlow was imported before keras_mpl, with oneDNN off: steps "
            "take about twice as long. Import keras_mpl first, or set "
            f"{VARIABLE}=1.",
            stacklevel=3,
        )


def is_on() -> bool | None:
    """Whether TensorFlow computes with oneDNN; `None` if it does not say."""
    try:
        from tensorflow.python.util import _pywrap_util_port
    except ImportError:
        return None
    return bool(_pywrap_util_port.IsMklEnabled())
