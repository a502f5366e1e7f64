"""Makes the weak and the strong view of a batch of raw examples.

Answers in which order augmentations are applied, with which seeds. Must not
know where the examples come from.
"""

import dataclasses
from collections.abc import Callable
from typing import Literal
from typing import TypeAlias

import keras
import tensorflow as tf

from keras_mpl import seeds as seeds_lib
from keras_mpl.batch import Batch
from keras_mpl.data import checks
from keras_mpl.seeds import Site
from keras_mpl.types import Inputs
from keras_mpl.types import Tensor

View: TypeAlias = Callable[[Inputs, Tensor], Inputs]
StrongFrom = Literal["raw", "weak"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Views:
    """The augmentations of `pair`; see there what each of them is.

    Raises:
        ValueError: If one can not be called, or `strong_from` is not known.
    """

    weak: View | None
    strong: View | None
    strong_from: StrongFrom = "raw"
    finish: Callable[[Inputs], Inputs] | None = None

    def __post_init__(self) -> None:
        checks.check_view("weak", self.weak)
        checks.check_view("strong", self.strong)
        if self.strong_from not in ("raw", "weak"):
            raise ValueError(
                "`strong_from` must be 'raw' or 'weak'. "
                f"Received: strong_from={self.strong_from!r}"
            )
        if self.finish is not None and not callable(self.finish):
            raise ValueError(
                "`finish` must be a function of a view. "
                f"Received: finish={type(self.finish).__name__}"
            )

    def __call__(
        self, inputs: Inputs, labels: Tensor, examples: Inputs, key: Tensor
    ) -> Batch:
        """Makes one `Batch`; rows of both unlabelled views stay together."""
        if self.strong is None:
            weak_inputs, strong_inputs = examples
        else:
            weak_inputs = strong_inputs = examples
        inputs = self._weaken(inputs, key, Site.LABELED_VIEW)
        weak_inputs = self._weaken(weak_inputs, key, Site.WEAK_VIEW)
        if self.strong is not None:
            if self.strong_from == "weak":
                strong_inputs = weak_inputs
            seeds = seeds_lib.fold_in(key, Site.STRONG_VIEW)
            strong_inputs = _apply(self.strong, strong_inputs, seeds)
        if labels.dtype.is_integer:
            labels = tf.cast(labels, tf.int32)
        views: list[Inputs] = [inputs, weak_inputs, strong_inputs]
        if self.finish is not None:
            views = [self.finish(view) for view in views]
        return Batch(views[0], labels, views[1], views[2])

    def _weaken(self, inputs: Inputs, key: Tensor, site: int) -> Inputs:
        if self.weak is None:
            return inputs
        return _apply(self.weak, inputs, seeds_lib.fold_in(key, site))


def _apply(view: View, inputs: Inputs, seeds: Tensor) -> Inputs:
    if isinstance(view, keras.layers.Layer):
        return view(inputs, training=True)
    return view(inputs, seeds)
