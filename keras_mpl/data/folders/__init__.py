"""A user's own images: folders with a class each, or a table of paths."""

from keras_mpl.data.folders.finding import Files
from keras_mpl.data.folders.finding import find_files
from keras_mpl.data.folders.given import Given
from keras_mpl.data.folders.given import find_given
from keras_mpl.data.folders.reading import Images
from keras_mpl.data.folders.reading import read_images
from keras_mpl.data.folders.remarks import remarks
from keras_mpl.data.folders.walk import ENDINGS

__all__ = [
    "ENDINGS",
    "Files",
    "Given",
    "Images",
    "find_files",
    "find_given",
    "read_images",
    "remarks",
]
