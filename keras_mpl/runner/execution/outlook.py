"""How long a run will take, from what its trainings have taken so far.

A stage is forecast by its own steps once some are measured. Until then it is
compared with the newest one that was measured, by the work that is counted in
their steps (`recipes.work`).
"""

import dataclasses
import math
import time
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras

from keras_mpl.recipes import Recipe
from keras_mpl.recipes import work
from keras_mpl.report import durations
from keras_mpl.runner.execution.costs import Clock
from keras_mpl.runner.execution.costs import Cost

# A view of an example in forward passes: the seconds of cifar10_4k_short_uda
# and _supervised, a small network, are as 4.5 to 1 (benchmarks/results).
_VIEW = 0.6
_START = 10.0  # seconds to compile, before it was measured
FINISH = 5.0  # seconds to draw and to write the report


@dataclasses.dataclass(eq=False)
class Part:
    """One stage of a run, and what is left of it.

    Attributes:
        recipe: Its recipe.
        stage: Its name, as in `work.plan`.
        steps: Steps that are left.
        sizes: Examples of `validation` and `test`.
        cost: What is known of its seconds.
        has_begun: Whether it trains, and is compiled.
    """

    recipe: Recipe
    stage: str
    steps: int
    sizes: Mapping[str, int]
    cost: Cost
    has_begun: bool = False

    def step_passes(self) -> float:
        """Returns a step's work, its views included, in forward passes."""
        counted = work.stage_work(self.recipe, self.stage)
        examples = self.recipe.batch_size
        if self.stage != "finetune":
            examples *= 1 + 2 * self.recipe.unlabeled_ratio
        return counted.student + counted.teacher + _VIEW * examples

    def passes(self, name: str) -> int:
        """Returns the work to measure every network on one set."""
        networks = 3 if self.recipe.method.has_teacher else 2
        return networks * self.sizes[name]

    def examples_per_step(self) -> int:
        """Returns how many examples a step learns from."""
        if self.stage == "finetune":
            return min(512, self.recipe.data.num_labeled or 512)
        method = self.recipe.method.name
        if self.stage == "pretrain":
            method = self.recipe.stages.pretrain_method
        unlabeled = 0 if method == "supervised" else self.recipe.unlabeled_ratio
        return self.recipe.batch_size * (1 + unlabeled)

    def seconds(self, unit: float, start: float) -> float:
        """Returns the forecast of what is left.

        Args:
            unit: Seconds of a forward pass of one example, by another stage.
            start: Seconds to compile, by another one.
        """
        cost = self.cost
        if cost.step is not None:
            unit = cost.step / self.step_passes()
        evaluation = cost.evaluation
        if evaluation is None:
            evaluation = unit * self.passes("validation")
        evaluations = math.ceil(self.steps / self.recipe.eval_every_steps)
        own_pass = self.sizes["validation"] + self.sizes["test"]
        return (
            (0.0 if self.has_begun else cost.start or start)
            + self.steps * unit * self.step_passes()
            + evaluations * evaluation
            + unit * (self.passes("test") + own_pass)
        )


class Outlook:
    """The forecast of a run, which its stages refine one after the other.

    Args:
        parts: All stages that are not done, in their order.
    """

    def __init__(self, parts: Sequence[Part]):
        self._parts = [*parts]
        self._unit: float | None = None
        self._start = _START
        self._at = time.perf_counter()
        for part in self._parts:
            self._learn(part)

    def _learn(self, part: Part) -> None:
        """Keeps what other stages can be compared with."""
        if part.cost.step is not None:
            self._unit = part.cost.step / part.step_passes()
        self._start = part.cost.start or self._start

    def begin(self, recipe: str, stage: str) -> Part:
        """Forgets the stages before this one, which are done; returns it."""
        while True:
            now = self._parts[0]
            if (now.recipe.name, now.stage) == (recipe, stage):
                return now
            del self._parts[0]

    def note(self, cost: Cost, steps_left: int) -> None:
        """Takes what was measured of the stage that trains."""
        now = self._parts[0]
        known = {k: v for k, v in cost._asdict().items() if v is not None}
        now.cost = now.cost._replace(**known)
        now.steps, now.has_begun = steps_left, True
        self._learn(now)
        self._at = time.perf_counter()

    def seconds_left(self) -> float | None:
        """Returns the forecast; `None` before any step was measured."""
        if self._unit is None:
            return None
        unit, start = self._unit, self._start
        left = sum(part.seconds(unit, start) for part in self._parts)
        return max(0.0, left + FINISH - (time.perf_counter() - self._at))

    def in_words(self) -> str | None:
        """Returns the forecast once the stage that trains was measured."""
        now = self._parts[0]
        seconds = self.seconds_left()
        if seconds is None or not now.has_begun or now.cost.step is None:
            return None
        trainings = len({part.recipe.name for part in self._parts})
        noun = "training" if trainings == 1 else "trainings"
        said = f"{trainings} {noun}, about {durations.in_words(seconds)}"
        return f"{said} on this machine"


class Watch(keras.callbacks.Callback):
    """Tells the outlook what the clock of a stage has measured.

    Args:
        outlook: Of the run; the stage has begun.
        train_steps: Steps of the stage.
        every: Steps between two evaluations.
        first_step: Steps that are done already.
    """

    def __init__(
        self, outlook: Outlook, train_steps: int, every: int, first_step: int
    ):
        super().__init__()
        self._outlook = outlook
        self._train_steps = train_steps
        self._every = every
        self._done = first_step
        self._clock = Clock()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Finds out where the stage stands."""
        self._first_step = max(epoch * self._every, self._done)
        self._clock.on_epoch_begin(epoch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Passes on what the steps took."""
        self._clock.on_train_batch_end(batch)
        left = self._train_steps - self._first_step - batch - 1
        self._outlook.note(self._clock.cost, left)
