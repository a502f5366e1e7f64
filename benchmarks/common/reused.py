"""One traced model for many seeds: what a seed changes is copied into it.

Tracing takes as long as a hundred steps of a small network.
Its tests hold it to the result of a fresh model.
"""

import pathlib
import time

import numpy as np
import tensorflow as tf

from keras_mpl import recipes
from keras_mpl import seeds
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import stages


class Trainer:
    """Trains one recipe on seed after seed, tracing its step but once.

    Args:
        name: Of the recipe.
        settings: Overrides, as `keras-mpl run --set` takes them.
        feedback: Makes what stands in the place of the recipe's kind of
            feedback, given that one's config; or None.
        batches: Makes what it is trained on, given the recipe, its data and
            the seed; or None, for the recipe's own.
        model: Class in the place of the recipe's method; or None.
    """

    def __init__(
        self, name, settings, *, feedback=None, batches=None, model=None
    ):
        self.settings = settings
        family = recipes.resolve(recipes.find(name), settings)
        self.recipe = family[-1]
        self._feedback = feedback
        self._batches = batches
        self._model = model
        self._kept = None

    def run(self, seed, part):
        """Trains on one seed.

        Args:
            seed: Of data, weights and every draw.
            part: `validation` or `test`: the images whose labels are read.

        Returns:
            Accuracies on those images, and on the labelled ones, and seconds.
        """
        began = time.perf_counter()
        loaded = assembly.load(self.recipe, seed)
        job = stages.job(self.recipe, loaded, seed)
        if len(job.stages) > 1:  # a fixed teacher: traced anew
            models = [self._fit(stage, stage.model) for stage in job.stages]
            model = models[-1]
        else:
            [stage] = job.stages
            if self._batches is not None:
                source = self._batches(self.recipe, loaded, seed)
                given = stages.StageData(loaded, source)
                stage = stage._replace(make_data=lambda folder: given)
            model = self._fit(stage, self._reused(stage.model, seed))
        networks = {"accuracy": model.ema_student}
        networks |= {f"{k}_accuracy": v for k, v in model.networks.items()}
        found = {}
        for prefix, which in (("", part), ("train_", "labeled")):
            images, labels = loaded.part(which)
            for key, network in networks.items():
                right = assembly.classes(network, images) == labels
                found[prefix + key] = round(float(np.mean(right)), 4)
        found["seconds"] = round(time.perf_counter() - began, 1)
        return found

    def _fit(self, stage, model):
        every = self.recipe.eval_every_steps
        model.fit(
            stage.make_data(pathlib.Path()).batches,  # nothing is stored there
            epochs=stage.steps // every,
            steps_per_epoch=every,
            shuffle=False,
            verbose=0,
        )
        return model

    def _reused(self, fresh, seed):
        """Copies a fresh model into the traced one."""
        if self._kept is None:
            self._kept = self._rebuilt(fresh)
        else:
            for ours, theirs in zip(
                self._variables(self._kept), self._variables(fresh), strict=True
            ):
                ours.assign(theirs)
        self._kept.reseed(seed)
        return self._kept

    def _rebuilt(self, fresh):
        """The same model over the same networks, as this row has it."""
        config = {**fresh.get_config(), **fresh.networks}
        if self._feedback is not None:
            own = fresh.feedback.get_config()
            config["feedback"] = self._feedback(**own)
        kind = _reseedable(self._model or type(fresh))
        made = kind.from_config(config)
        made.compile_from_config(fresh.get_compile_config())
        return made

    def _variables(self, model):
        optimizers = [
            getattr(model, name)
            for name in ("optimizer", "teacher_optimizer")
            if getattr(model, name, None) is not None
        ]
        held = [model, *optimizers]
        return [v for one in held for v in one.variables]


def _reseedable(kind):
    """A subclass of a method whose draws follow from a seed that can change."""

    class Reseedable(kind):  # type: ignore[misc, valid-type]
        def __init__(self, *networks, **settings):
            super().__init__(*networks, **settings)
            self._base = tf.Variable(seeds.key(self.seed), trainable=False)

        def key(self, site):
            return seeds.fold_in(self._base, self.step.value, 0, site)

        def reseed(self, seed):
            self._base.assign(seeds.key(seed))

    return Reseedable
