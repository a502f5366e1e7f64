"""The table of networks: their sizes and their sources.

Must not import the networks, trainers or data.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator

from keras_mpl.models.inspection import Size

_ROW = "{:22}{:>14}{:>18}{:>16}{:>9}  {}".format
_RELEASED = "released code of arXiv:2003.10580"
_SOURCES = {
    "mlp": "this package; needs `units` and `input_shape`",
    "wrn_": "arXiv:1605.07146",
    "wrn_28_2_released": f"{_RELEASED}: stem of 32 channels, slope 0.2",
    "wrn_28_large": f"{_RELEASED}: k = 135",
    "resnet_50": f"arXiv:1512.03385; v1.5 as in the {_RELEASED}",
    "efficientnet_": "arXiv:1905.11946",
    "efficientnet_bs": _RELEASED,
    "efficientnet_b8": _RELEASED,
    "efficientnet_l2": f"arXiv:1911.04252; {_RELEASED}",
    "efficientnet_b6_wide": f"{_RELEASED}; its paper states 390 M parameters",
}


def source(name: str) -> str:
    """Returns the source of the architecture of a network of `MODELS`.

    Args:
        name: A key of `MODELS`.

    Returns:
        One line: the source of this network, or else that of its family.

    Raises:
        KeyError: If neither is known.

    >>> source("efficientnet_b0")
    'arXiv:1905.11946'
    """
    if name in _SOURCES:
        return _SOURCES[name]
    return _SOURCES[name.partition("_")[0] + "_"]


def table(
    names: Iterable[str], measure: Callable[[str], Size | None]
) -> Iterator[str]:
    """Lists networks; each one is counted when its line is read.

    Args:
        names: Keys of `MODELS`.
        measure: Function that counts the network of a name; it returns `None`
            for a network without a default size.

    Returns:
        Lines of text, a heading first.
    """
    yield _ROW(
        "name", "parameters", "multiply-adds", "input", "classes", "source"
    )
    for name in names:
        yield _ROW(name, *_columns(measure(name)), source(name))


def _columns(size: Size | None) -> tuple[str, ...]:
    if size is None:
        return ("",) * 4
    shape = " x ".join(str(length) for length in size.input_shape)
    counts = f"{size.parameters:,}", f"{size.multiply_adds:,}"
    return *counts, shape, str(size.output_shape[-1])
