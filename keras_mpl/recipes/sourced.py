"""Recipes that name the origin of every setting.

A recipe of the paper is made of blocks. A block is a few settings and their one
origin; a later block replaces settings of an earlier one. So values and origins
are written once and cannot drift apart. This module must not import TensorFlow.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple
from typing import Required
from typing import Self
from typing import TypedDict
from typing import Unpack

from keras_mpl.recipes.base import Recipe
from keras_mpl.recipes.checked import fields_of
from keras_mpl.recipes.keys import settings
from keras_mpl.recipes.methods import METHODS
from keras_mpl.recipes.methods import MPL
from keras_mpl.recipes.paper_tables import Cell

# What an origin begins with: how far a value is to be trusted.
PAPER = "paper"
CODE = "released code"
OTHERS = "another paper or its code"
MEMORY = "from memory, unverified"
CHOSEN = "chosen here"
KINDS = (PAPER, CODE, OTHERS, MEMORY, CHOSEN)
DEFAULT = f"{CHOSEN}: the default of keras_mpl"

RELEASED_COMMAND = (
    f"{CODE}: the command in google-research, meta_pseudo_labels/README.md"
)


class Block(NamedTuple):
    """Settings of one origin.

    Attributes:
        origin: One of `KINDS`, a colon, and where or why.
        values: By dotted key, as `--set` has them.
    """

    origin: str
    values: Mapping[str, Any]


class Words(TypedDict, total=False):
    """The words that describe a recipe; see `sourced`."""

    name: Required[str]
    summary: Required[str]
    cells: Iterable[Cell]
    source: str
    expected: str


class Sourced(NamedTuple):
    """A recipe, and the origin of each of its settings.

    Attributes:
        recipe: The recipe.
        blocks: The blocks that it was made of, in order.
        cells: The figures of the paper that it is to reach.
    """

    recipe: Recipe
    blocks: tuple[Block, ...]
    cells: tuple[Cell, ...]

    @property
    def origins(self) -> dict[str, str]:
        """The origin of every setting."""
        found = dict.fromkeys(settings(self.recipe), DEFAULT)
        for block in self.blocks:
            own = found.keys() & block.values.keys()
            found |= dict.fromkeys(own, block.origin)
        return found

    def by_origin(self) -> dict[str, list[str]]:
        """Settings by origin, the paper's first and defaults last."""
        kinds = [*KINDS, DEFAULT]
        found: dict[str, list[str]] = {}
        for key, origin in self.origins.items():
            found.setdefault(origin, []).append(key)

        def rank(origin: str) -> int:
            is_default = origin == DEFAULT
            return kinds.index(
                DEFAULT if is_default else origin.partition(":")[0]
            )

        return {origin: found[origin] for origin in sorted(found, key=rank)}

    def replace(self, *blocks: Block, **words: Unpack[Words]) -> Self:
        """Returns a variant.

        Args:
            *blocks: Settings that take the place of those here.
            **words: Its name, summary and so on, as `sourced` takes them.

        Raises:
            ValueError: As `sourced` does.
        """
        return type(self)(*sourced(*self.blocks, *blocks, **words))


def sourced(
    *blocks: Block,
    name: str,
    summary: str,
    cells: Iterable[Cell] = (),
    source: str = "",
    expected: str = "",
) -> Sourced:
    """Makes a recipe of blocks.

    Args:
        *blocks: Its settings.
        name: Its name.
        summary: One line for people.
        cells: The figures of the paper that it is to reach.
        source: The source of a recipe without cells; else it is theirs.
        expected: The expectation of a recipe without cells; likewise.

    Raises:
        ValueError: If a setting is unknown or missing, or an origin is of no
            known kind.
    """
    cells = tuple(cells)
    values: dict[str, Any] = {
        "name": name,
        "summary": summary,
        "source": source or "; ".join(cell.source for cell in cells),
        "expected": expected or _figures(cells),
    }
    flat: dict[str, Any] = {"method": MPL.name}
    for block in blocks:
        if block.origin.partition(":")[0] not in KINDS:
            raise ValueError(
                f"`origin` must begin with one of: {', '.join(KINDS)}. "
                f"Received: origin={block.origin!r}"
            )
        flat |= block.values
    for key, value in _own(flat).items():
        group, dot, last = key.rpartition(".")
        owner = values.setdefault(group, {}) if dot else values
        owner[last] = value
    return Sourced(Recipe.from_dict(values), blocks, cells)


def _own(flat: dict[str, Any]) -> dict[str, Any]:
    """Leaves out what another method has, and this recipe's has not.

    So rows of several methods can share a block. What no method has stays, and
    is an error of the recipe.
    """
    flat = dict(flat)
    kind = METHODS[flat.pop("method")]
    others = {name for one in METHODS.values() for name in fields_of(one)}
    foreign = {f"method.{name}" for name in others - fields_of(kind).keys()}
    found = {
        key: value
        for key, value in flat.items()
        if key not in foreign
        and (kind.has_teacher or not key.startswith("teacher."))
    }
    return {"method.name": kind.name, **found}


def _figures(cells: Iterable[Cell]) -> str:
    figures = [*dict.fromkeys(cell.figure for cell in cells)]
    if not figures:
        return ""
    kinds = ", top-1 / top-5" if any(" / " in one for one in figures) else ""
    return f"{'; '.join(figures)} (accuracy in % in the paper{kinds})"
