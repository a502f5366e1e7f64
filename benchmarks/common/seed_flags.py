"""Flags that the scripts which train over seeds share; each defined once."""

from absl import flags

_SEEDS = flags.DEFINE_integer(
    "seeds",
    None,
    "Number of seeds; the script's own by default.",
    lower_bound=1,
)
_FIRST = flags.DEFINE_integer("first_seed", 0, "The first of them.")
SET = flags.DEFINE_multi_string("set", [], "KEY=VALUE, as in `keras-mpl run`.")
_CORES = flags.DEFINE_integer("cores", 0, "Threads of this process; 0: all.")
ROWS = flags.DEFINE_list("rows", [], "Only these rows of the table.")
SETS = flags.DEFINE_list("sets", [], "Only these sets; all by default.")


def wanted(default: int) -> range:
    """Returns the seeds that the flags ask for.

    Args:
        default: Number of seeds if `--seeds` is not given.
    """
    first = _FIRST.value
    return range(first, first + (_SEEDS.value or default))


def limit_threads() -> None:
    """Keeps TensorFlow to `--cores` threads.

    It must be called before TensorFlow computes anything.
    """
    import tensorflow as tf

    if _CORES.value:
        tf.config.threading.set_intra_op_parallelism_threads(_CORES.value)
        tf.config.threading.set_inter_op_parallelism_threads(_CORES.value)
