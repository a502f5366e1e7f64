"""Chooses how many steps fit into a time, by trying a few of each method.

What is chosen is a recipe like any other. It is recorded, so that a resumed
run does not choose anew, and a command with the same numbers repeats it.
"""

import dataclasses
import math
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from keras_mpl import recipes
from keras_mpl.recipes import Recipe
from keras_mpl.recipes import lengths
from keras_mpl.recipes import work
from keras_mpl.report import durations
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import stages
from keras_mpl.runner.execution import display
from keras_mpl.runner.execution import trials
from keras_mpl.runner.execution.costs import Cost
from keras_mpl.runner.execution.outlook import Outlook
from keras_mpl.runner.execution.outlook import Part

_FEWEST = 100  # steps; a shorter training shows nothing
_MOST = 10  # times the recipe's own steps
_SHARE = 0.97  # of the time, since no forecast is exact

Costs = dict[tuple[str, str], Cost]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Choice:
    """What fits into a budget.

    Attributes:
        overrides: Items that make the recipe of it.
        costs: What was measured, by recipe and stage.
        left_out: Names of the baselines that are not trained.
        seconds: Forecast of the whole run, from its start.
        words: Lines that say all that.
    """

    overrides: tuple[str, ...]
    costs: Costs
    left_out: tuple[str, ...]
    seconds: float
    words: tuple[str, ...]

    def record(self, budget: float) -> dict[str, Any]:
        """Returns plain values for `config.json`."""
        return {
            "seconds": budget,
            "expected_seconds": round(self.seconds, 1),
            "chosen": list(self.overrides),
            "left_out": list(self.left_out),
        }


def check(
    family: Sequence[Recipe], overrides: Sequence[str], strategy: str
) -> None:
    """Checks that the steps of a run can be chosen.

    Args:
        family: The recipes of the run.
        overrides: Those of the user.
        strategy: Where to compute.

    Raises:
        ValueError: If they are given, or cannot be measured or scaled.
    """
    given = [one for one in overrides if one.startswith("train_steps=")]
    if given:
        raise ValueError(
            "`budget` must be given without `train_steps`, which it chooses. "
            f"Received: {given[-1]}"
        )
    if strategy.startswith("multiworker"):
        raise ValueError(
            "`budget` must be none for several workers, which would measure "
            f"different times. Received: strategy={strategy!r}"
        )
    if any(one.stages.use_reduced_teacher for one in family):
        raise ValueError(
            "`budget` must be none for a recipe with a reduced teacher. "
            f"Received: {', '.join(one.name for one in family)}"
        )
    if found := lengths.own_lengths(family):
        raise ValueError(
            "`budget` must be of baselines with the steps of their recipe; "
            "leave the others out by `--set baselines=`. "
            f"Received: {', '.join(found)}"
        )


class Chooser:
    """Chooses the steps of a run.

    Args:
        recipe: The recipe, before any override.
        overrides: Those of the user.
        loaded: The data.
        seed: The seed of the run.
        where: Where to compute.
        budget: Seconds of the whole run.
        start: When it began, as `time.perf_counter` says it.
    """

    def __init__(
        self,
        recipe: Recipe,
        overrides: Sequence[str],
        *,
        loaded: assembly.Loaded,
        seed: int,
        where: tf.distribute.Strategy,
        budget: float,
        start: float,
    ):
        self._recipe = recipe
        self._overrides = tuple(overrides)
        self._family = recipes.resolve(recipe, overrides)
        self._loaded = loaded
        self._seed = seed
        self._where = where
        self._budget = budget
        self._start = start
        self._sizes = display.sizes_of(loaded)
        self._costs: Costs = {}
        self._build_seconds: dict[str, float] = {}

    def choose(self) -> Choice:
        """Measures each method, and returns the longest run that fits.

        Baselines are left out before steps are, the dearest first; the labels
        alone stay.

        Raises:
            ValueError: If not even the shortest one fits; names its time.
        """
        *baselines, own = self._family
        kept = [b for b in baselines if b.method.name == "supervised"][:1]
        others = [b for b in baselines if b not in kept]
        for member in (*kept, own):
            self._measure(member)
        if self._fits([*kept, own], own.train_steps):
            for member in others:
                self._measure(member)
            others.sort(key=self._own_seconds)
            while others and not self._fits(
                [*kept, *others, own], own.train_steps
            ):
                others.pop()
            kept += others
        members = [m for m in self._family if m in kept or m is own]
        steps = self._longest(members)
        return self._choice(members, steps)

    def _choice(self, members: Sequence[Recipe], steps: int) -> Choice:
        left_out = tuple(m.name for m in self._family if m not in members)
        own = self._family[-1]
        chosen = lengths.at_length(own, steps)
        if left_out:
            names = ",".join(member.name for member in members[:-1])
            chosen = (*chosen, f"baselines={names}")
        seconds = self._seconds(members, steps)
        words = [f"the budget is met by {', '.join(chosen) or 'all as it is'}"]
        if left_out:
            words.append(f"left out to be in time: {', '.join(left_out)}")
        words.append(f"expected: {durations.in_words(seconds)} in all")
        return Choice(
            overrides=chosen,
            costs=self._costs,
            left_out=left_out,
            seconds=seconds,
            words=tuple(words),
        )

    def _longest(self, members: Sequence[Recipe]) -> int:
        own = self._family[-1].train_steps
        fewest = min(_FEWEST, own)
        if not self._fits(members, fewest):
            needed = self._seconds(members, fewest) / _SHARE
            enough = lengths.format_budget(math.ceil(needed / 10 + 1) * 10)
            names = " and ".join(member.name for member in members)
            raise ValueError(
                f"`budget` must be at least {enough} here, for {fewest} steps "
                f"of {names}. "
                f"Received: budget={lengths.format_budget(self._budget)}"
            )
        if self._fits(members, _MOST * own):
            return _MOST * own
        low, high = fewest, _MOST * own  # the one fits, and the other does not
        while high - low > max(1, low // 100):
            middle = (low + high) // 2
            if self._fits(members, middle):
                low = middle
            else:
                high = middle
        return low

    def _fits(self, members: Sequence[Recipe], steps: int) -> bool:
        return self._seconds(members, steps) <= _SHARE * self._budget

    def _own_seconds(self, member: Recipe) -> float:
        return sum(
            self._costs[member.name, n].step or 0 for n, _ in _kinds(member)
        )

    def _seconds(self, members: Sequence[Recipe], steps: int) -> float:
        """Forecasts a run of this length, with what has passed until now."""
        passed = time.perf_counter() - self._start
        build = sum(self._build_seconds[member.name] for member in members)
        chosen = lengths.at_length(self._family[-1], steps)
        family = recipes.resolve(self._recipe, (*self._overrides, *chosen))
        by_name = {one.name: one for one in family}
        parts = [
            Part(
                by_name[member.name],
                name,
                count,
                self._sizes,
                self._costs[member.name, name.partition(" ")[0]],
            )
            for member in members
            for name, count in work.plan(by_name[member.name])
        ]
        return passed + build + (Outlook(parts).seconds_left() or 0.0)

    def _measure(self, member: Recipe) -> None:
        """Trains a few steps of every stage of a recipe, and forgets them."""
        began = time.perf_counter()
        # An execution of one step ends whenever enough were tried.
        tried = recipes.override(member, ["eval_every_steps=1"])
        with self._where.scope():
            job = stages.job(tried, self._loaded, self._seed)
        self._build_seconds[member.name] = time.perf_counter() - began
        with tempfile.TemporaryDirectory() as folder:
            for stage in job.stages:
                if stage.name in dict(_kinds(member)):
                    self._costs[member.name, stage.name] = trials.measured(
                        stage, self._loaded, self._sizes, Path(folder)
                    )


def _kinds(member: Recipe) -> list[tuple[str, int]]:
    """The stages of a recipe; later rounds cost what the first one does."""
    return [(n, count) for n, count in work.plan(member) if " " not in n]
