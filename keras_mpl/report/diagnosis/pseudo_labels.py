"""How the pseudo labels of a fixed sample move while a network learns."""

import numpy as np

from keras_mpl.report.formats import Labelling
from keras_mpl.report.formats import PseudoLabels


def measured_pseudo_labels(
    probs: dict[str, np.ndarray], confidence_threshold: float
) -> dict[str, object]:
    """Measures the pseudo labels of some networks on the same examples.

    Args:
        probs: By network, `student` and perhaps `teacher`, the class
            probabilities, shape `(num_examples, num_classes)`.
        confidence_threshold: From which confidence a pseudo label counts.

    Returns:
        The part of a `PseudoLabels` that follows from probabilities.

    >>> probs = np.array([[0.9, 0.1], [0.6, 0.4]])
    >>> found = measured_pseudo_labels(
    ...     {"student": probs, "teacher": probs[::-1]}, 0.8
    ... )
    >>> found["agreement"], found["networks"]["teacher"]
    (1.0, {'counts': [2, 0], 'above': 0.5, 'confidence': 0.75})
    """
    classes = {name: each.argmax(axis=1) for name, each in probs.items()}
    agreement = None
    if "teacher" in classes:
        agreement = float(np.mean(classes["teacher"] == classes["student"]))
    networks: dict[str, Labelling] = {
        name: {
            "counts": np.bincount(
                classes[name], minlength=each.shape[1]
            ).tolist(),
            "above": float(np.mean(each.max(axis=1) >= confidence_threshold)),
            "confidence": round(float(each.max(axis=1).mean()), 6),
        }
        for name, each in probs.items()
    }
    return {
        "num_examples": len(probs["student"]),
        "confidence_threshold": confidence_threshold,
        "agreement": agreement,
        "networks": networks,
    }


def of_recipe(records: list[PseudoLabels], recipe: str) -> list[PseudoLabels]:
    """Returns the records of one recipe, in the order of its training."""
    own = [record for record in records if record["recipe"] == recipe]
    return sorted(own, key=lambda record: record["step"])
