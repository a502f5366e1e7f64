"""How many threads compute one operation.

An operation on small inputs is over before a second thread has begun on it;
several operations at a time, one thread each, are faster there. Measured in
docs/speed.md. Must be asked before TensorFlow computes anything.
"""

import contextlib
import math
import os

import tensorflow as tf

# Pixels of an image, or values of a row, up to which one thread is faster: on
# 2 cores a step of a WRN-10-1 takes 0.65 of its time at 8 x 8 pixels, 0.84 at
# 16 x 16, and 1.08 at 32 x 32.
_SMALL = 16 * 16


def suit(input_shape: tuple[int | None, ...]) -> None:
    """Gives operations one thread each where inputs are small.

    What the user has set (`TF_NUM_INTRAOP_THREADS`, `tf.config.threading`)
    stays, and so does everything where there is a GPU or where TensorFlow has
    begun.

    Args:
        input_shape: Shape of one input, without the batch: of an image
            `(height, width, channels)`, else of a row.
    """
    values = input_shape[:-1] or input_shape
    known = [value for value in values if value is not None]
    is_small = len(known) == len(values) and math.prod(known) <= _SMALL
    is_said = (
        "TF_NUM_INTRAOP_THREADS" in os.environ
        or tf.config.threading.get_intra_op_parallelism_threads()
    )
    has_gpu = bool(tf.config.list_physical_devices("GPU"))
    if is_small and not is_said and not has_gpu:
        with contextlib.suppress(RuntimeError):  # too late
            tf.config.threading.set_intra_op_parallelism_threads(1)
