"""The commands of `keras-mpl`: their flags, and what they print.

They have no logic of their own. TensorFlow loads only in a command that trains,
predicts or counts.
"""

from keras_mpl.commands import exports
from keras_mpl.commands import finished
from keras_mpl.commands import runs
from keras_mpl.commands import shows
from keras_mpl.commands.shared import Command

_ALL = {
    **runs.COMMANDS,
    **finished.COMMANDS,
    **exports.COMMANDS,
    **shows.COMMANDS,
}
_ORDER = (
    "list show run resume report preview data profile evaluate predict "
    "export precompute select models verify"
)
COMMANDS = {name: _ALL[name] for name in _ORDER.split()}

__all__ = ["COMMANDS", "Command"]
