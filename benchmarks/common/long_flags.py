"""The flags of what goes on for a given time."""

from absl import flags

MINUTES = flags.DEFINE_float("minutes", 60, "How long to go on.")
FOLDER = flags.DEFINE_string("folder", None, "Of what is left on the way.")
