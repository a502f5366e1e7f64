"""A trained backbone under a new head: frozen, or slower than the head.

The head is the layer `logits`; all else is the backbone. Must not import the
networks, trainers or data.
"""

import math
from typing import Any

import keras

from keras_mpl.types import Schedulable
from keras_mpl.types import Tensor

HEAD = "logits"


def freeze(network: keras.Model) -> None:
    """Freezes the backbone; the layer `logits` alone goes on learning.

    A frozen normalisation keeps its moving statistics, and uses them in
    training, too. Freeze before `compile`.

    Args:
        network: A built network with a layer `logits`; changed in place.

    Raises:
        ValueError: If it has no such layer.

    >>> from keras_mpl import models
    >>> network = models.create("wrn_10_1", num_classes=3)
    >>> freeze(network)
    >>> [weight.path for weight in network.trainable_variables]
    ['logits/kernel', 'logits/bias']
    """
    layers = [
        layer
        for layer in network._flatten_layers(include_self=False)
        if not isinstance(layer, keras.Model)
    ]
    if HEAD not in [layer.name for layer in layers]:
        raise ValueError(
            f"`network` must have a layer {HEAD!r}, its head. "
            f"Received: network={network.name!r}"
        )
    for layer in layers:
        layer.trainable = layer.name == HEAD


@keras.saving.register_keras_serializable(package="keras_mpl")
class BackboneSGD(keras.optimizers.SGD):
    """SGD that moves a trained backbone by smaller steps than its head.

    The learning rate is that of the layer `logits`; every other weight has
    `backbone_rate` times that rate, at every step of a schedule. A new head
    starts from random weights and needs large steps, which would spoil what
    the backbone has learned.

    The step is another one than that of plain SGD, so
    `feedback_scale="exact"` refuses it; `"cosine"`, the default, takes it.

    Args:
        learning_rate: Of the head: a number, or a schedule.
        backbone_rate: Factor of it for all other weights, above 0. (`freeze`
            is for 0: it saves the time, too.)
        momentum: As of `keras.optimizers.SGD`.
        nesterov: Likewise.
        **settings: Others of `keras.optimizers.SGD`.

    Raises:
        ValueError: If `backbone_rate` is not above 0, or not finite, or
            `weight_decay` is given; when it is built, if there is no layer
            `logits`.
    """

    def __init__(
        self,
        learning_rate: Schedulable = 0.01,
        *,
        backbone_rate: float = 0.1,
        momentum: float = 0.0,
        nesterov: bool = False,
        **settings: Any,
    ):
        if not 0 < backbone_rate < math.inf:
            raise ValueError(
                "`backbone_rate` must be above 0, and finite; `models.freeze` "
                "keeps a backbone as it is. "
                f"Received: backbone_rate={backbone_rate}"
            )
        if settings.get("weight_decay") is not None:
            raise ValueError(
                "`weight_decay` must be None: Keras would let it move the "
                "backbone at the full rate. That of a method does not. "
                f"Received: weight_decay={settings['weight_decay']}"
            )
        super().__init__(
            learning_rate, momentum=momentum, nesterov=nesterov, **settings
        )
        self.backbone_rate = float(backbone_rate)
        self._factors: list[float] = []

    def build(self, variables: list[keras.Variable]) -> None:  # noqa: D102
        if not self.built:
            paths = [variable.path.split("/") for variable in variables]
            if not any(HEAD in path for path in paths):
                raise ValueError(
                    f"`variables` must have those of a layer {HEAD!r}, the "
                    "head, which alone learns at the full rate. Received: "
                    f"{', '.join(v.path for v in variables[-4:])}"
                )
            self._factors = [
                1.0 if HEAD in path else self.backbone_rate for path in paths
            ]
        super().build(variables)

    def update_step(  # noqa: D102
        self, gradient: Tensor, variable: keras.Variable, learning_rate: Tensor
    ) -> None:
        factor = self._factors[self._get_variable_index(variable)]
        super().update_step(gradient, variable, factor * learning_rate)

    def get_config(self) -> dict[str, object]:  # noqa: D102
        return {**super().get_config(), "backbone_rate": self.backbone_rate}
