"""Copies what a network knows into another one of the same architecture."""

import tempfile

import keras


def copy_state(source: keras.Model, target: keras.Model) -> None:
    """Gives a network the weights of another, and what its layers adapted to.

    Keras' `set_weights` leaves out what an adapted layer computes with: a
    `Normalization` would have the right variables and normalise by none of
    them, and a lookup would have no vocabulary.

    Args:
        source: A built model.
        target: A built model of the same architecture; it is changed.
    """
    target.set_weights(source.get_weights())
    adapting = [
        [x for x in model._flatten_layers() if hasattr(x, "finalize_state")]
        for model in (source, target)
    ]
    for ours, theirs in zip(*adapting, strict=True):
        if not _has_adapted(ours):
            continue
        store: dict[str, object] = {}
        ours.save_own_variables(store)
        theirs.load_own_variables(store)
        if hasattr(ours, "save_assets"):
            with tempfile.TemporaryDirectory() as folder:
                ours.save_assets(folder)
                theirs.load_assets(folder)


def _has_adapted(layer: keras.layers.Layer) -> bool:
    """Whether there is something; a lookup that is being loaded has nothing."""
    words = getattr(layer, "get_vocabulary", None)
    return words is None or bool(words(include_special_tokens=False))
