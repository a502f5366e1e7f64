"""A split divides whatever labels there are, or says why it does not."""

import numpy as np
from hypothesis import assume
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from keras_mpl import data

LABELS = arrays.arrays("int64", st.integers(0, 60), elements=st.integers(0, 3))
FRACTIONS = st.floats(0, 1)
OPTIONS = st.fixed_dictionaries(
    {
        "num_labeled": st.one_of(st.none(), st.integers(-1, 20)),
        "num_validation": st.one_of(st.integers(-1, 20), FRACTIONS),
        "num_test": st.one_of(st.integers(-1, 20), FRACTIONS),
        "unlabeled": st.sampled_from(["all", "rest"]),
        "is_balanced": st.booleans(),
        "is_stratified": st.sampled_from([None, True, False]),
        "split_seed": st.integers(0, 99),
        "seed": st.integers(0, 99),
    }
)


def divided(labels, options):
    try:
        return data.split(labels, **options)
    except ValueError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert "Received: " in refusal
    assume(False)


@given(LABELS, OPTIONS)
def test_every_example_has_one_place(labels, options):
    part = divided(labels, options)
    held_out = np.concatenate([part.test, part.validation])
    learned = np.concatenate([part.labeled, part.unlabeled])
    assert len(np.unique(held_out)) == len(held_out)
    assert not set(held_out) & set(learned)
    assert set(held_out) | set(learned) == set(range(len(labels)))
    if options["unlabeled"] == "rest":
        assert not set(part.labeled) & set(part.unlabeled)
    if options["num_labeled"] is not None:
        assert len(part.labeled) == options["num_labeled"]
    if options["num_labeled"] and options["is_balanced"]:
        counts = np.unique(labels[part.labeled], return_counts=True)[1]
        assert counts.min() == counts.max()


@given(LABELS, OPTIONS)
def test_a_split_follows_from_its_options_and_is_read_back(
    tmp_path_factory, labels, options
):
    part = divided(labels, options)
    assert divided(labels, options).fingerprint == part.fingerprint
    path = tmp_path_factory.mktemp("split") / "split.json"
    part.save(path)
    again = data.Split.load(path)
    assert (again.name, again.fingerprint) == (part.name, part.fingerprint)
    other = divided(labels, options | {"seed": options["seed"] + 1})
    np.testing.assert_array_equal(other.test, part.test)
