"""What a run says while it trains: its stages, their progress, the time."""

from collections.abc import Mapping
from collections.abc import Sequence

import keras

from keras_mpl import messages
from keras_mpl import recipes
from keras_mpl import report
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import stages
from keras_mpl.runner.execution import pictures
from keras_mpl.runner.execution import snapshots
from keras_mpl.runner.execution.costs import Cost
from keras_mpl.runner.execution.outlook import Outlook
from keras_mpl.runner.execution.outlook import Part
from keras_mpl.runner.execution.outlook import Watch

Kept = Sequence[Sequence[snapshots.Snapshot | None]]


class Display:
    """Shows the trainings of a run, and how long they will take.

    Args:
        jobs: All of the run.
        kept: The snapshots of their stages.
        loaded: Their data.
        costs: What is known of the stages, by recipe and stage.
        has_bar: Whether a live bar may be drawn.
    """

    def __init__(
        self,
        jobs: Sequence[stages.Job],
        kept: Kept,
        loaded: assembly.Loaded,
        costs: Mapping[tuple[str, str], Cost],
        *,
        has_bar: bool,
    ):
        sizes = sizes_of(loaded)
        self._has_bar = has_bar
        self._noun = pictures.noun(loaded)
        self._outlook = Outlook(
            [
                Part(
                    job.recipe,
                    stage.name,
                    stage.steps - (snapshot.step if snapshot else 0),
                    sizes,
                    costs.get((job.recipe.name, stage.name), Cost()),
                )
                for job, of_stages in zip(jobs, kept, strict=True)
                for stage, snapshot in zip(job.stages, of_stages, strict=True)
                if snapshot is None or "answers" not in snapshot.extra
            ]
        )

    def callbacks(
        self,
        recipe: recipes.Recipe,
        stage: stages.Stage,
        snapshot: snapshots.Snapshot | None,
    ) -> list[keras.callbacks.Callback]:
        """Says the title of a stage; returns the callbacks that show it.

        Args:
            recipe: The recipe that trains.
            stage: Its stage.
            snapshot: Where it stands.
        """
        title = f"{recipes.title(recipe)}, {stage.name}: {recipe.summary}"
        goes_on = f" (from step {snapshot.step})" if snapshot else ""
        messages.say(f"{title}{goes_on}", is_apart=True)
        part = self._outlook.begin(recipe.name, stage.name)
        done = snapshot.step if snapshot else 0
        every = recipe.eval_every_steps
        return [
            Watch(self._outlook, stage.steps, every, done),
            report.Progress(
                stage.steps,
                every,
                first_step=done,
                examples_per_step=part.examples_per_step(),
                noun=self._noun,
                seconds_left=self._outlook.seconds_left,
                forecast=self._outlook.in_words,
                say=messages.say,
                has_bar=self._has_bar,
            ),
        ]


def sizes_of(loaded: assembly.Loaded) -> dict[str, int]:
    """Returns the numbers of validation and of test examples."""
    return {name: len(loaded.raw(name)[1]) for name in ("validation", "test")}
