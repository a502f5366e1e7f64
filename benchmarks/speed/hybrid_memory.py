"""Counts what the paper's largest pair holds in memory, without building it.

    python -m benchmarks.speed.hybrid_memory

They are two EfficientNets at 512 x 512, with 2,048 labelled and 16,384
unlabelled images a step, on 2,048 TPU cores. It counts weights and their
copies, and what a step must remember of the images, per core, with every weight
and image split over 16 cores and without. Variables are declared and none is
allocated. It prints JSON; docs/hybrid.md has the figures.
"""

import json

from absl import app
from absl import flags

CORES, SPLIT = 2048, 16
LABELED, UNLABELED = 2048, 16384
GIBI = 1 << 30

_NETWORK = flags.DEFINE_string(
    "network", "efficientnet_l2", "Teacher and student."
)
_SIZE = flags.DEFINE_integer("size", 512, "Height and width of an image.")
_CLASSES = flags.DEFINE_integer("classes", 1000, "Number of classes.")

# Copies of a network's weights, 4 bytes each, at the fullest moment of a step.
COPIES = {
    "weights": 2,
    "momentum": 2,
    "average of the student": 1,
    "gradient of the teacher": 1,
    "gradients of the student, before and after its step": 2,
}
SNAPSHOT = 1  # of the old student, where activations are computed again


def images() -> dict[str, int]:
    """Returns the images whose activations a step keeps, by feedback.

    The teacher's one pass over labelled, weak and strong images is kept to
    the end of the step. The exact kinds differentiate the backward pass of the
    student over strong images, and so keep it too: as much again.
    """
    teacher = LABELED + 2 * UNLABELED
    return {
        "exact": teacher + 2 * UNLABELED + LABELED,
        "scalar": teacher + max(UNLABELED, LABELED),
        "exact, one network's pass at a time": 2 * UNLABELED,
    }


def counted(name: str, size: int, classes: int) -> dict[str, int]:
    """Counts parameters, and the elements that a pass over an image leaves.

    Args:
        name: Of the network.
        size: Height and width of an image.
        classes: Number of classes.
    """
    import keras
    import numpy as np

    from keras_mpl import models

    with keras.StatelessScope():  # declares variables, allocates none
        network = models.create(
            name, num_classes=classes, input_shape=(size, size, 3)
        )
    shapes = [w.shape for w in network.trainable_weights]

    def elements(layers):
        return sum(int(np.prod(layer.output.shape[1:])) for layer in layers)

    kept = [x for x in network.layers if not _is_a_view(x)]
    convolutions = [x for x in kept if "conv" in type(x).__name__.lower()]
    return {
        "parameters": int(sum(np.prod(shape) for shape in shapes)),
        "layers": len(kept),
        "elements_of_all_outputs": elements(kept),
        "elements_of_convolutions": elements(convolutions),
    }


def _is_a_view(layer):
    names = ("InputLayer", "Reshape", "Flatten", "Dropout", "Rescaling")
    return type(layer).__name__ in names


def main(argv: list[str]) -> None:
    """Prints counts and gibibytes per core."""
    del argv
    found = counted(_NETWORK.value, _SIZE.value, _CLASSES.value)
    copy = 4 * found["parameters"] / GIBI
    copies = sum(COPIES.values())
    state = {
        "one copy of one network": copy,
        **{name: number * copy for name, number in COPIES.items()},
        "together": copies * copy,
        "with the old student": (copies + SNAPSHOT) * copy,
    }
    per_core = {}
    for kept in ("all_outputs", "convolutions"):
        image = 2 * found[f"elements_of_{kept}"] / GIBI  # bfloat16
        per_core[kept] = {
            "gibibytes_per_image": round(image, 3),
            **{k: round(n / CORES * image, 1) for k, n in images().items()},
        }
    record = {
        "network": _NETWORK.value,
        "size": _SIZE.value,
        **found,
        "gibibytes_of_state_per_core": {
            "whole": {k: round(v, 2) for k, v in state.items()},
            "split": {k: round(v / SPLIT, 3) for k, v in state.items()},
        },
        "gibibytes_of_activations_per_core": per_core,
    }
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    app.run(main)
