"""Half of the labels are asked about and never taught."""

from benchmarks.accuracy import held_out
from keras_mpl import recipes
from keras_mpl.runner import assembly
from keras_mpl.runner import stages


def _unchanged(inputs, seeds):
    return inputs


def test_the_half_that_is_asked_about_is_never_taught(ablation, monkeypatch):
    monkeypatch.setattr(assembly, "view", lambda kind, name: _unchanged)
    recipe = recipes.override(recipes.find("digits_20"), ["unlabeled_ratio=4"])
    loaded = assembly.load(recipe, 3)
    model = stages.job(recipe, loaded, 3).stages[0].model
    images, labels = loaded.part("labeled")
    of = {i.tobytes(): label for i, label in zip(images, labels, strict=True)}
    assert len(of) == 20
    firsts, exams = [], []

    def teach(batch, targets):
        exams.append((batch.labeled_inputs.numpy(), batch.labels.numpy()))

    for batch in held_out.Halves(recipe, loaded, 3).batches().take(3):
        assert batch.strong_inputs.shape[0] == batch.weak_inputs.shape[0] == 80
        inputs = [one.tobytes() for one in batch.labeled_inputs.numpy()]
        assert [of[one] for one in inputs] == list(batch.labels.numpy())
        known = held_out.untaught(model.unpack, batch)
        assert list(known.labels.numpy().sum(1)) == [1] * 10 + [0] * 10
        held_out.examined(None, teach, known, None)
        firsts.append(set(inputs[:10]))
    for first, (inputs, asked) in zip(firsts, exams, strict=True):
        assert first == firsts[0]
        assert {i.tobytes() for i in inputs} == set(of) - first
        assert [of[i.tobytes()] for i in inputs] == list(asked.argmax(1))
        assert (asked.sum(1) == 1).all()
