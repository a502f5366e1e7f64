"""Tools around a run: each is one function that `keras_mpl.runner` offers.

They show the data of a recipe, test and use the student of a finished run,
store its probabilities, finetune a student, and check the gradient. They must
not train a recipe, nor write into a run that is at work, and no other part of
the package may need them.
"""
