"""The labelled examples of a pair: inputs, labels and perhaps weights."""

from typing import Any

import numpy as np

from keras_mpl.data import checks
from keras_mpl.data.sources import Source
from keras_mpl.data.sources import source
from keras_mpl.seeds import Site

_PARTS = "(inputs, labels) or (inputs, labels, sample_weight)"
_LENGTHS = (2, 3)


def labeled_source(labeled: Any, batch_size: int | None) -> Source:
    """Makes the source of labelled examples; checks more than `source` does.

    Args:
        labeled: As in `pair`.
        batch_size: Examples per batch, `None` if a dataset is batched.

    Returns:
        A source of batches of two parts, or of three with weights.

    Raises:
        ValueError: If labels or weights can not be used, or as of `source`.
    """
    if isinstance(labeled, (tuple, list)) and len(labeled) in _LENGTHS:
        labeled = (labeled[0], *map(np.asarray, labeled[1:]))
    made = source(
        "labeled",
        labeled,
        _PARTS,
        batch_size,
        Site.LABELED_ORDER,
        lengths=_LENGTHS,
    )
    checks.check_pair("labeled", _PARTS, made.spec, "", lengths=_LENGTHS)
    checks.check_labels(made.spec[1])
    for weights in made.spec[2:]:
        checks.check_weights(weights)
    if isinstance(labeled, tuple):
        names = ("labels", "sample_weight")
        for name, values in zip(names, labeled[1:], strict=False):
            checks.check_not_negative(name, values)
    return made
