"""Configs of `MetaPseudoLabels` that older versions wrote."""

from typing import Any

# What a config meant that lacks one of these.
_BEFORE: dict[str, Any] = {
    "student_labeled_weight": 0.0,
    "threshold_on": "sharpened",
    "pseudo_label_weighting": "equal",
    "student_statistics": "all",
    "labeled_floor": 0.0,
}


def completed(config: dict[str, Any]) -> dict[str, Any]:
    """Fills in what a config lacks, so that a model trains as it did.

    Args:
        config: As `get_config` of this or an older version returned it.

    Returns:
        The constructor's arguments, networks serialised.
    """
    if "pseudo_label_weighting" in config:
        return config
    found = {**_BEFORE, **config}
    if "labeled_weight" in found:  # version 0.1.0
        found["teacher_labeled_weight"] = found.pop("labeled_weight")
    if isinstance(found.get("feedback"), str):  # likewise
        found.setdefault("feedback_centering", False)
    return found
