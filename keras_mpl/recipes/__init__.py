"""All recipes by their names, and the functions that change one.

>>> from keras_mpl.recipes import RECIPES
>>> RECIPES["digits_20"].data.num_labeled
20
"""

from keras_mpl.recipes.base import Recipe
from keras_mpl.recipes.families import resolve
from keras_mpl.recipes.keys import current
from keras_mpl.recipes.keys import settings
from keras_mpl.recipes.keys import shown
from keras_mpl.recipes.methods import MPL
from keras_mpl.recipes.methods import UDA
from keras_mpl.recipes.methods import FixMatch
from keras_mpl.recipes.methods import MeanTeacher
from keras_mpl.recipes.methods import NoisyStudent
from keras_mpl.recipes.methods import PseudoLabel
from keras_mpl.recipes.methods import Supervised
from keras_mpl.recipes.overrides import changes
from keras_mpl.recipes.overrides import format_value
from keras_mpl.recipes.overrides import override
from keras_mpl.recipes.parts import Data
from keras_mpl.recipes.parts import Model
from keras_mpl.recipes.parts import Optimizer
from keras_mpl.recipes.parts import Stages
from keras_mpl.recipes.parts import Views
from keras_mpl.recipes.registry import PAPER
from keras_mpl.recipes.registry import RECIPES
from keras_mpl.recipes.registry import find
from keras_mpl.recipes.registry import known
from keras_mpl.recipes.registry import title
from keras_mpl.recipes.sourced import Sourced

__all__ = [
    "MPL",
    "PAPER",
    "RECIPES",
    "UDA",
    "Data",
    "FixMatch",
    "MeanTeacher",
    "Model",
    "NoisyStudent",
    "Optimizer",
    "PseudoLabel",
    "Recipe",
    "Sourced",
    "Stages",
    "Supervised",
    "Views",
    "changes",
    "current",
    "find",
    "format_value",
    "known",
    "override",
    "resolve",
    "settings",
    "shown",
    "title",
]
