"""What is found in the answers of a finished student: plain NumPy on arrays.

How sure it is and whether it may be, which examples it gets wrong, which given
labels look wrong, and how the pseudo labels moved. No file is read here, and
nothing is drawn.
"""
