"""Half of the labels are asked about and never taught."""

import dataclasses
from collections.abc import Callable

from benchmarks.accuracy import held_out
from keras_mpl import recipes
from keras_mpl.batch import Batch
from keras_mpl.feedback import Soft
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import lookup
from keras_mpl.runner.building import stages


@dataclasses.dataclass(frozen=True)
class Asked:
    """The part of a `StudentUpdate` that is asked here."""

    batch: Batch
    labeled_gradient: Callable


def _unchanged(inputs, seeds):
    return inputs


def test_the_half_that_is_asked_about_is_never_taught(ablation, monkeypatch):
    monkeypatch.setattr(lookup, "view", lambda kind, name: _unchanged)
    recipe = recipes.override(recipes.find("digits_20"), ["unlabeled_ratio=4"])
    loaded = assembly.load(recipe, 3)
    fresh = stages.job(recipe, loaded, 3).stages[0].model
    config = {**fresh.get_config(), **fresh.networks}
    model = held_out.Untaught.from_config(config)
    monkeypatch.setattr(Soft, "measure", lambda _, u: u.labeled_gradient(None))
    images, labels = loaded.part("labeled")
    of = {i.tobytes(): label for i, label in zip(images, labels, strict=True)}
    assert len(of) == 20
    firsts, exams = [], []

    def labeled_gradient(batch):
        exams.append((batch.labeled_inputs.numpy(), batch.labels.numpy()))

    for batch in held_out.Halves(recipe, loaded, 3).batches().take(3):
        assert batch.strong_inputs.shape[0] == batch.weak_inputs.shape[0] == 80
        inputs = [one.tobytes() for one in batch.labeled_inputs.numpy()]
        assert [of[one] for one in inputs] == list(batch.labels.numpy())
        known = model.read_batch(batch)
        assert list(known.labels.numpy().sum(1)) == [1] * 10 + [0] * 10
        update = Asked(known, labeled_gradient)
        held_out.Examined().measure(update)
        firsts.append(set(inputs[:10]))
    for first, (inputs, asked) in zip(firsts, exams, strict=True):
        assert first == firsts[0]
        assert {i.tobytes() for i in inputs} == set(of) - first
        assert [of[i.tobytes()] for i in inputs] == list(asked.argmax(1))
        assert (asked.sum(1) == 1).all()
