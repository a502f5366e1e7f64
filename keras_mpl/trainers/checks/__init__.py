"""What can be wrong with the input of training, said in one line each.

Networks, optimizers, settings, batches and the arguments of `fit`. It raises
or returns; it must not change anything, nor know how training works.
"""
