"""Whether operations must give the same bits each time they are computed."""

import tensorflow as tf


def require(is_wanted: bool) -> None:
    """Lets no operation of this process vary from run to run, if wanted.

    TensorFlow then takes slower kernels, or refuses an operation that has
    none. It cannot be taken back. `TF_DETERMINISTIC_OPS=1` does the same.

    Args:
        is_wanted: Whether to ask for it; else all stays as it is.
    """
    if is_wanted:
        tf.config.experimental.enable_op_determinism()


def is_required() -> bool:
    """Whether this process lets no operation vary.

    A clock is what may not be read then, and nothing public but that says so.
    """
    try:
        tf.timestamp()
    except tf.errors.FailedPreconditionError:
        return True
    return False
