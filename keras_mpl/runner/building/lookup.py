"""Views and networks by name; a name that is none is refused by its setting."""

import difflib
from collections.abc import Callable
from collections.abc import Mapping
from functools import partial
from typing import Any

import keras

from keras_mpl import augment
from keras_mpl import models
from keras_mpl.models.pretraining import HUB
from keras_mpl.recipes import Recipe
from keras_mpl.recipes import keys
from keras_mpl.runner.building import domains

_VIEWS: dict[str, Any] = {
    "digits_weak": augment.digits_weak,
    "digits_strong": augment.digits_strong,
    "cifar_weak": augment.cifar_weak,
    "cifar_strong": augment.cifar_strong,
    "grey_weak": augment.grey_weak,
    "grey_strong": augment.grey_strong,
    "imagenet_weak": augment.imagenet_weak,
    "imagenet_strong": augment.imagenet_strong,
    "svhn_weak": augment.svhn_weak,
    "svhn_strong": augment.svhn_strong,
    **domains.VIEWS,
}


def check(recipe: Recipe) -> None:
    """Looks up every view and network that a recipe names.

    Raises:
        ValueError: If there is no such one.
    """
    for kind in ("weak", "strong"):
        view(f"views.{kind}", getattr(recipe.views, kind))
    for kind in ("network", "teacher_network"):
        name = getattr(recipe.model, kind)
        if name is not None:
            creator(name, recipe.model.weights, kind=f"model.{kind}")


def view(kind: str, name: str) -> Any:
    """Returns a view by name; `kind` is the setting, for the message.

    Raises:
        ValueError: If there is no such view.
    """
    return _named(kind, name, _VIEWS)


def creator(
    name: str, weights: str | None, *, kind: str = "model.network"
) -> Callable[..., keras.Model]:
    """Returns what builds a network, by its name and its weights.

    Args:
        name: Of ours, or `hub:` and a preset of keras-hub.
        weights: What it starts from; random ones if `None`.
        kind: The setting that has the name, for the message.

    Raises:
        ValueError: If there is no such network.
    """
    if not name.startswith(HUB):
        ours = {one: partial(models.create, one) for one in models.MODELS}
        create = _named(kind, name, {**ours, **domains.NETWORKS})
        if weights is None:
            return create
    elif weights is None:
        raise ValueError(
            f"`model.weights` must be 'preset' where `{kind}` is a network of "
            f"keras-hub. Received: model.weights=none, {kind}={name!r}"
        )
    return partial(models.from_weights, name, weights)


def _named(kind: str, name: str, known: Mapping[str, Any]) -> Any:
    if name not in known:
        close = difflib.get_close_matches(name, known)
        raise ValueError(
            f"`{kind}` must be one of: {keys.listed(close, [*known])}. "
            f"Received: {kind}={name!r}"
        )
    return known[name]
