"""From arrays, files and datasets to batches: splits, pairs, small examples."""

from keras_mpl.data.catalog import CATALOG
from keras_mpl.data.catalog import builder
from keras_mpl.data.catalog import load
from keras_mpl.data.decode import read_image
from keras_mpl.data.folders import Given
from keras_mpl.data.folders import Images
from keras_mpl.data.folders import find_files
from keras_mpl.data.folders import find_given
from keras_mpl.data.folders import read_images
from keras_mpl.data.folders import remarks
from keras_mpl.data.normalize import Normalize
from keras_mpl.data.pairs import PairedData
from keras_mpl.data.pairs import pair
from keras_mpl.data.real_labels import read_real_labels
from keras_mpl.data.records import Records
from keras_mpl.data.records import records
from keras_mpl.data.service import Served
from keras_mpl.data.splits import Split
from keras_mpl.data.splits import split
from keras_mpl.data.streams import Exam
from keras_mpl.data.streams import exam
from keras_mpl.data.streams import file_records
from keras_mpl.data.streams import image_records
from keras_mpl.data.streams import shards_of
from keras_mpl.data.toy import digits
from keras_mpl.data.toy import two_moons

__all__ = [
    "CATALOG",
    "Exam",
    "Given",
    "Images",
    "Normalize",
    "PairedData",
    "Records",
    "Served",
    "Split",
    "builder",
    "digits",
    "exam",
    "file_records",
    "find_files",
    "find_given",
    "image_records",
    "load",
    "pair",
    "read_image",
    "read_images",
    "read_real_labels",
    "records",
    "remarks",
    "shards_of",
    "split",
    "two_moons",
]
