"""What a full run of every recipe of the paper's tables costs, predicted.

python -m benchmarks.tables.cost_table --utilisation=0.4 --h200_dollars=2.5
"""

from collections.abc import Mapping

from absl import app
from absl import flags

from benchmarks.speed import cost
from benchmarks.speed.devices import ASSUMED_ON
from benchmarks.speed.devices import DEVICES
from benchmarks.speed.devices import UTILISATION
from benchmarks.speed.devices import hours
from benchmarks.tables import markdown
from keras_mpl import recipes
from keras_mpl.recipes.work import run_work
from keras_mpl.recipes.work import step_work

_UTILISATION = flags.DEFINE_float(
    "utilisation",
    UTILISATION,
    "Assumed part of a device's peak that training reaches.",
    lower_bound=0.001,
    upper_bound=1.0,
)
_DOLLARS = {
    key: flags.DEFINE_float(
        f"{key}_dollars",
        device.dollars,
        f"Assumed price of an hour of {device.title}.",
        lower_bound=0.0,
    )
    for key, device in DEVICES.items()
}


def table(
    utilisation: float = UTILISATION,
    dollars: Mapping[str, float] | None = None,
) -> str:
    """Returns the table of predictions.

    Args:
        utilisation: The part of a device's peak that training reaches.
        dollars: The price of an hour of each device; ours if not given.
    """
    prices = dollars or {key: d.dollars for key, d in DEVICES.items()}
    titles = ("predicted, full run", "EFLOP", "forward passes a step")
    rows = []
    for name, sourced in recipes.PAPER.items():
        recipe = sourced.recipe
        step = step_work(recipe)
        total = cost.flops(recipe, run_work(recipe)) / 1e18
        costs = (
            _cost(hours(recipe, device, utilisation), prices[key])
            for key, device in DEVICES.items()
        )
        passes = f"{step.student + step.teacher:,.0f}"
        rows.append((f"`{name}`", f"{total:,.1f}", passes, *costs))
    rented = (f"{d.title}: hours, $" for d in DEVICES.values())
    note = _note(utilisation, prices)
    return markdown.table((*titles, *rented), rows, note)


def _cost(time: float, dollars: float) -> str:
    return f"{time:,.1f}, {time * dollars:,.0f}"


def _note(utilisation: float, prices: Mapping[str, float]) -> str:
    rates = ", ".join(
        f"{d.title} ${prices[key]:g}" for key, d in DEVICES.items()
    )
    return (
        "Counted: multiply-adds of convolutions and dense layers, 2 FLOP "
        "each, times forward passes of one example a step (a backward pass "
        "is two); finetuning and pre-training are in the hours. **Assumed**: "
        f"{utilisation:.0%} of the peak that the maker states (bfloat16 where "
        "the recipe has it, else float32 as TensorFlow computes it), that the "
        "batch fits into memory and that the input keeps up; prices of an "
        f"hour, as of {ASSUMED_ON}: {rates}. Not measured on any of these; "
        "`python -m benchmarks.tables.cost_table --help` has the flags."
    )


def main(argv: list[str]) -> None:
    """Prints the table."""
    del argv
    prices = {key: flag.value for key, flag in _DOLLARS.items()}
    print(table(_UTILISATION.value, prices))


if __name__ == "__main__":
    app.run(main)
