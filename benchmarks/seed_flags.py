"""Flags that the scripts which train over seeds share; defined but once."""

from absl import flags

_SEEDS = flags.DEFINE_integer(
    "seeds",
    None,
    "Number of seeds; the script's own by default.",
    lower_bound=1,
)
_FIRST = flags.DEFINE_integer("first_seed", 0, "The first of them.")
ROWS = flags.DEFINE_list("rows", [], "Only these rows of the table.")


def wanted(default):
    """Returns the seeds asked for."""
    first = _FIRST.value
    return range(first, first + (_SEEDS.value or default))
