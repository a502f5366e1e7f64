"""The flag of the scripts that can run under a strategy; defined once."""

from absl import flags

STRATEGY = flags.DEFINE_string("strategy", "none", "As in `keras-mpl run`.")
