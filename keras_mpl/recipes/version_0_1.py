"""The keys of version 0.1.0, where a recipe was flat, and those of today.

`--set`, a recipe in JSON and the `config.json` of an old run are read through
this one table. This module must not import recipes.
"""

from collections.abc import Mapping
from typing import Any

from keras_mpl.recipes.checked import fields_of
from keras_mpl.recipes.methods import METHODS
from keras_mpl.recipes.methods import PAPERS

_DATA = (
    "dataset num_labeled num_validation num_test unlabeled_dataset split_seed "
    "is_balanced selection stored_probs"
)
_METHOD = (
    "feedback feedback_scale feedback_centering feedback_weight "
    "feedback_schedule objective consistency_weight consistency_ramp_steps "
    "temperature pseudo_label_temperature confidence_threshold cosine_floor "
    "microbatch_size threshold_on annealing pseudo_labels label_smoothing "
    "ema_decay weight_decay clip_norm teacher_labeled_weight "
    "pseudo_label_weighting student_statistics labeled_floor"
)
_STAGES = (
    "pretrain_steps pretrain_view pretrain_method rounds finetune_steps "
    "finetune_lr finetune_from"
)
# From an old key to the new one; keys that are not here are as they were.
RENAMED = {
    **{key: f"data.{key}" for key in _DATA.split()},
    "unlabeled": "data.unlabeled_examples",
    **{key: f"views.{key}" for key in ("weak", "strong", "strong_from")},
    "model": "model.network",
    "teacher_model": "model.teacher_network",
    **{
        key: f"model.{key}"
        for key in ("dropout", "teacher_dropout", "precision")
    },
    **{key: f"method.{key}" for key in _METHOD.split()},
    "labeled_weight": "method.student_labeled_weight",
    **{key: f"stages.{key}" for key in _STAGES.split()},
    "reduced": "stages.use_reduced_teacher",
}

# What an old recipe meant where it left one of these out, and a method now
# has another default.
DEFAULTS = {
    **{k: v for k, v in PAPERS.items() if k != "student_labeled_weight"},
    "labeled_weight": PAPERS["student_labeled_weight"],
    "consistency_ramp_steps": 0,
    "pseudo_labels": "hard",
    "ema_decay": 0.995,
}
_OF_TEACHER = {
    "model.teacher_network",
    "model.teacher_dropout",
    "stages.pretrain_steps",
    "stages.pretrain_view",
    "stages.pretrain_method",
}


def is_flat(values: Mapping[str, object]) -> bool:
    """Whether a recipe's plain values are of version 0.1.0."""
    return "dataset" in values


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the plain values of version 0.1.0 as they are today.

    A setting that the recipe's method does not have is left out: it meant
    nothing.

    Args:
        values: Plain values by old key.

    Raises:
        ValueError: If there is no such method.
    """
    name = values.get("method", "mpl")
    if not isinstance(name, str) or name not in METHODS:
        raise ValueError(
            f"`method` must be one of: {', '.join(METHODS)}. "
            f"Received: method={name!r}"
        )
    kind = METHODS[name]
    known = {f"method.{field}" for field in fields_of(kind)}
    places = values.get("data", {})
    if not isinstance(places, dict):
        raise ValueError(
            f"`data` must be an object with fields. Received: {places!r:.80}"
        )
    found: dict[str, Any] = {"data": {**places}, "method": {"name": name}}
    for old, value in (DEFAULTS | dict(values)).items():
        key = RENAMED.get(old, old)
        is_lost = key in _OF_TEACHER | {"teacher"} and not kind.has_teacher
        if old in ("method", "data") or is_lost:
            continue
        if key.startswith("method.") and key not in known:
            continue
        if key in ("views", "stages"):  # groups of today
            raise ValueError(f"`recipe` must not have both. Received: {key}")
        group, dot, last = key.rpartition(".")
        owner = found.setdefault(group, {}) if dot else found
        owner[last] = value
    if kind.has_teacher:
        found.setdefault("teacher", {})
    return found
