"""Flags that the scripts which train over seeds share; defined but once."""

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


def wanted(default):
    """Returns the seeds asked for."""
    first = _FIRST.value
    return range(first, first + (_SEEDS.value or default))


def limit_threads():
    """Keeps TensorFlow to `--cores` threads; before it computes anything."""
    import tensorflow as tf

    if _CORES.value:
        tf.config.threading.set_intra_op_parallelism_threads(_CORES.value)
        tf.config.threading.set_inter_op_parallelism_threads(_CORES.value)
