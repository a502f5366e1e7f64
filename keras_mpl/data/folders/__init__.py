"""A user's own images: folders with a class each, or a table of paths."""

from keras_mpl.data.folders.finding import Files
from keras_mpl.data.folders.finding import find_files
from keras_mpl.data.folders.reading import Images
from keras_mpl.data.folders.reading import read_images
from keras_mpl.data.folders.remarks import remarks
from keras_mpl.data.folders.walk import ENDINGS

__all__ = [
    "ENDINGS",
    "Files",
    "Images",
    "find_files",
    "read_images",
    "remarks",
]
