"""`python -m keras_mpl` is `keras-mpl`."""

import sys

from keras_mpl.cli import main

if __name__ == "__main__":
    sys.exit(main())
