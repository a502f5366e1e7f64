"""How far does each cheap estimate point where the exact feedback points?

    python -m benchmarks.accuracy.alignment [--seeds 3]

Trains the ablation's row `soft_exact` on 20 labelled digits and stops five
times (at the last step the rate is 0, and so is all feedback). There, on the
next batch, it takes every kind's meta gradient at the teacher's weights, and
its cosine with the exact one (`soft`): of one draw of the pseudo labels,
averaged over draws, and of the mean over all draws.
Appends to `benchmarks/results/alignment.jsonl`, skips seeds that are there;
`benchmarks/tables/render.py` makes the table.
"""

import pathlib

import numpy as np
from absl import app

import keras_mpl
from benchmarks.accuracy.feedback_ablation import overrides
from benchmarks.common.records import append
from benchmarks.common.records import read
from benchmarks.common.seed_flags import wanted
from keras_mpl import recipes
from keras_mpl import report
from keras_mpl.feedback import KINDS
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import stages
from keras_mpl.trainers.verification import formulas
from keras_mpl.trainers.verification.bench import Bench

NAME = "alignment"
DRAWS, EVERY, WEIGHT = 50, 50, 5.0
OTHERS = {"released": formulas.released, "port": formulas.port}


def settings():
    """What is trained, as `--set` takes it."""
    return overrides("soft_exact", 20, "supervised", WEIGHT)


def formula(name):
    """A kind of ours, or another's formula."""
    return OTHERS[name]() if name in OTHERS else formulas.ours(name)


def cosines(bench, name, exact):
    """Mean cosine of a draw with the exact gradient, and that of their mean.

    None where the gradient is zero.
    """
    made = formula(name)
    gradient = bench.gradient(made)
    found = [
        gradient(n) for n in range(DRAWS if made.feedback.is_sampled else 1)
    ]
    if np.linalg.norm(found[0]) < 1e-6 * np.linalg.norm(exact):
        return None, None
    each = [_cosine(one, exact) for one in found]
    return float(np.mean(each)), _cosine(np.mean(found, axis=0), exact)


def _cosine(left, right):
    norms = np.linalg.norm(left) * np.linalg.norm(right)
    return float(left @ right / norms)


def run(seed):
    """Trains on one seed, and yields what it finds on the way."""
    recipe = recipes.resolve(recipes.find("digits_20"), settings())[-1]
    loaded = assembly.load(recipe, seed)
    [stage] = stages.job(recipe, loaded, seed).stages
    batches = stage.make_data(pathlib.Path()).batches
    for _ in range(stage.steps // EVERY - 1):
        stage.model.fit(batches, steps_per_epoch=EVERY, verbose=0)
        step = int(stage.model.step.value)
        batch = next(iter(batches.batches(first_step=step)))
        bench = Bench(stage.model, batch)
        exact = bench.gradient(formulas.ours("soft"))(0)
        for name in (*KINDS, *OTHERS):
            if name in ("soft", "none"):
                continue
            one, mean = cosines(bench, name, exact)
            yield {"step": step, "kind": name, "one": one, "mean": mean}
        bench.restore()


def main(argv):
    """Runs the seeds that have no record yet."""
    del argv
    for seed in wanted(3):
        if any(r["seed"] == seed for r in read(NAME)):
            continue
        where = report.environment(keras_mpl.__version__)
        shared = {"seed": seed, "draws": DRAWS, "settings": list(settings())}
        found = [{**shared, **one, **where} for one in run(seed)]
        append(NAME, found)
        for one in found:
            print(seed, one["step"], one["kind"], one["one"], one["mean"])


if __name__ == "__main__":
    app.run(main)
