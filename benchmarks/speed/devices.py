"""What a run takes on devices that can be rented, predicted from counts.

The time is the operations (`cost.py`), divided by a device's peak and by the
part of the peak that training reaches, which is an ASSUMPTION, as are prices.
"""

from typing import NamedTuple

from benchmarks.speed import cost
from keras_mpl import recipes
from keras_mpl.recipes.work import run_work

ASSUMED_ON = "2026-11-23"
UTILISATION = 0.3


class Device(NamedTuple):
    """A machine that can be rented.

    Attributes:
        title: Its usual name.
        bfloat16: Dense peak of all its chips, in FLOP/s, as its maker states.
        float32: Likewise, as TensorFlow computes convolutions by default:
            in TF32 on these GPUs, in bfloat16 on a TPU.
        dollars: Assumed price of an hour.
    """

    title: str
    bfloat16: float
    float32: float
    dollars: float


DEVICES = {
    "h200": Device("one H200", 989e12, 494e12, 4.0),
    "a100": Device("8 x A100", 8 * 312e12, 8 * 156e12, 24.0),
    "tpu": Device("TPU v4-8", 4 * 275e12, 4 * 275e12, 13.0),
}


def hours(recipe: recipes.Recipe, device: Device, utilisation: float) -> float:
    """Predicts the hours of a whole run.

    Args:
        recipe: A recipe whose networks are counted.
        device: Where it runs.
        utilisation: The part of the device's peak that training reaches.
    """
    is_float32 = recipe.model.precision == "float32"
    peak = device.float32 if is_float32 else device.bfloat16
    total = cost.flops(recipe, run_work(recipe))
    return total / (peak * utilisation) / 3600
