"""Splits are balanced, disjoint, named and the same on every machine."""

import dataclasses
import json

import numpy as np
import pytest

from keras_mpl import data

LABELS = np.random.default_rng(0).permutation(np.arange(300) % 10)
SIZES = {"num_labeled": 20, "num_validation": 50, "num_test": 100}


def _split(**options):
    return data.split(LABELS, **(SIZES | options))


@pytest.mark.parametrize("unlabeled", ["all", "rest"])
@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_every_example_has_its_place(unlabeled, seed):
    part = _split(unlabeled=unlabeled, seed=seed)
    both = np.intersect1d(part.labeled, part.unlabeled)
    assert len(both) == (20 if unlabeled == "all" else 0)
    learned = np.union1d(part.labeled, part.unlabeled)
    together = np.concatenate([part.test, part.validation, learned])
    assert np.sort(together).tolist() == list(range(300))
    assert (len(part.test), len(part.validation)) == (100, 50)


@pytest.mark.parametrize("seed", range(5))
def test_classes_are_balanced(seed):
    part = _split(seed=seed)
    assert np.bincount(LABELS[part.labeled]).tolist() == [2] * 10


def test_seed_moves_labels_but_never_test_or_validation():
    first, second = _split(seed=0), _split(seed=1)
    np.testing.assert_array_equal(first.test, second.test)
    np.testing.assert_array_equal(first.validation, second.validation)
    assert first.labeled.tolist() != second.labeled.tolist()


def test_split_seed_moves_test_and_validation():
    first, second = _split(split_seed=0), _split(split_seed=1)
    assert first.test.tolist() != second.test.tolist()
    assert first.validation.tolist() != second.validation.tolist()


def test_labeled_set_is_drawn_from_everything_left():
    seen = np.unique([_split(seed=seed).labeled for seed in range(60)])
    assert len(seen) == len(_split().unlabeled)


def test_digits_split_has_a_fixed_fingerprint():
    # Golden: made by this code, NumPy 2.4; raw Philox bits do not change.
    _, labels = data.digits()
    part = data.split(
        labels, num_labeled=20, num_validation=300, num_test=500, seed=3
    )
    assert part.name == "digits@20/3"
    assert part.fingerprint == "301a4628f5e0"


def test_fingerprint_tells_which_set_an_index_is_in():
    part = _split()
    moved = dataclasses.replace(
        part, test=part.test[1:], validation=[*part.validation, part.test[0]]
    )
    assert part.fingerprint != moved.fingerprint


def test_saved_split_is_read_back(tmp_path):
    part = _split(seed=2, dataset="x")
    part.save(tmp_path / "split.json")
    again = data.Split.load(tmp_path / "split.json")
    assert again.name == "x@20/2"
    assert again.fingerprint == part.fingerprint
    np.testing.assert_array_equal(again.labeled, part.labeled)


def test_changed_file_is_refused(tmp_path):
    path = tmp_path / "split.json"
    _split().save(path)
    record = json.loads(path.read_text())
    record["test"][0] += 1
    path.write_text(json.dumps(record))
    with pytest.raises(ValueError, match="as it was saved"):
        data.Split.load(path)


def test_indices_cannot_be_changed_in_place():
    with pytest.raises(ValueError, match="read-only"):
        _split().test[0] = 0


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"num_labeled": 25}, "multiple of the number of classes, 10"),
        ({"num_test": 240}, "must not exceed the 300 examples"),
        ({"num_labeled": 150}, "must leave 15 examples for every class"),
        ({"num_test": -1}, "`num_test` must be an integer of 0 or more"),
        ({"num_labeled": 20.0}, "`num_labeled` must be an integer"),
        ({"seed": -1}, "`seed` must be an integer of 0 or more"),
        ({"split_seed": True}, "`split_seed` must be an integer"),
        ({"unlabeled": "none"}, "`unlabeled` must be 'all' or 'rest'"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_impossible_requests_are_refused(options, match):
    with pytest.raises(ValueError, match=match):
        _split(**options)


def test_a_label_below_0_is_refused_with_its_place():
    with pytest.raises(ValueError, match="Received: -1 in example 2"):
        data.split([0, 1, -1], num_labeled=None, num_validation=1, num_test=1)


@pytest.mark.parametrize("content", ["[]", "null", "{}", "{", "[" * 9999])
def test_what_is_no_split_is_refused(tmp_path, content):
    path = tmp_path / "split.json"
    path.write_text(content)
    with pytest.raises(ValueError, match="must hold a split as it was saved"):
        data.Split.load(path)


@pytest.mark.parametrize("labels", [np.zeros(30), np.zeros((30, 2), int)])
def test_labels_must_be_integer_ids(labels):
    with pytest.raises(ValueError, match="`labels` must be integer class ids"):
        data.split(labels, num_labeled=2, num_validation=1, num_test=1)


def test_first_n_are_the_first_of_what_is_not_held_out():
    part = _split(is_balanced=False, num_labeled=25)
    held_out = np.union1d(part.test, part.validation)
    rest = np.setdiff1d(np.arange(300), held_out)
    np.testing.assert_array_equal(part.labeled, rest[:25])
    other = _split(is_balanced=False, num_labeled=25, seed=5)
    np.testing.assert_array_equal(part.labeled, other.labeled)


def test_no_number_means_all_that_are_left():
    part = _split(num_labeled=None, unlabeled="rest")
    assert (len(part.labeled), len(part.unlabeled)) == (150, 0)
    assert part.name == "digits@150/0"
