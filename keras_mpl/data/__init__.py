"""From arrays and datasets to batches: splits, pairs and small examples."""

from keras_mpl.data.pairs import PairedData
from keras_mpl.data.pairs import pair
from keras_mpl.data.splits import Split
from keras_mpl.data.splits import split
from keras_mpl.data.toy import digits
from keras_mpl.data.toy import two_moons

__all__ = ["PairedData", "Split", "digits", "pair", "split", "two_moons"]
