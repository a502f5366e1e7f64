"""Small inputs get one thread per operation, unless somebody has said more."""

import os
import subprocess
import sys

import pytest

_CODE = """
import keras_mpl
import tensorflow as tf
from keras_mpl.report import record
from keras_mpl.runner.building import threads
{before}
threads.suit({shape})
print(record.environment("0")["threads_per_operation"])
"""


@pytest.mark.parametrize(
    ("shape", "before", "variable", "expected"),
    [
        pytest.param((8, 8, 1), "", None, 1, id="small images"),
        pytest.param((30,), "", None, 1, id="rows", marks=pytest.mark.slow),
        pytest.param(
            (32, 32, 3), "", None, 0, id="images", marks=pytest.mark.slow
        ),
        pytest.param(
            (None, None, 3), "", None, 0, id="any size", marks=pytest.mark.slow
        ),
        pytest.param(
            (8, 8, 1), "", "3", 3, id="said before", marks=pytest.mark.slow
        ),
        pytest.param(
            (8, 8, 1),
            "tf.config.threading.set_intra_op_parallelism_threads(2)",
            None,
            2,
            id="said by the program",
            marks=pytest.mark.slow,
        ),
        pytest.param((8, 8, 1), "tf.zeros(3) + 1", None, 0, id="too late"),
    ],
)
def test_threads_per_operation(shape, before, variable, expected):
    environment = dict(os.environ)
    environment.pop("TF_NUM_INTRAOP_THREADS", None)
    if variable:
        environment["TF_NUM_INTRAOP_THREADS"] = variable
    done = subprocess.run(
        [sys.executable, "-c", _CODE.format(shape=shape, before=before)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout.split()[-1]) == expected
