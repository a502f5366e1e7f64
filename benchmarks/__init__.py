"""What the package is worth, what it costs and what it survives, measured.

Run from the repository's root, as `python -m benchmarks.FOLDER.NAME`, for
example `python -m benchmarks.tables.render`. Records lie in `results/`,
pictures in `figures/`. It uses `keras_mpl`, which must not know of it, and is
not part of the wheel.
"""

import keras_mpl
