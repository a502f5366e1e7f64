"""Rare classes are in every part of a split, or it is said why not."""

import numpy as np
import pytest

from keras_mpl import data
from keras_mpl import recipes
from keras_mpl.data import strata
from keras_mpl.runner.building import domains


def labels_of(*counts, seed=0):
    labels = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(seed).permutation(labels)


def parts_of(labels, num_validation, num_test, **options):
    options = {"num_labeled": None, "unlabeled": "rest"} | options
    part = data.split(
        labels, num_validation=num_validation, num_test=num_test, **options
    )
    return [
        np.bincount(labels[indices], minlength=labels.max() + 1)
        for indices in (part.test, part.validation, part.labeled)
    ]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("counts", [(480, 12, 8), (900, 3, 3, 3), (60, 3)])
def test_rare_classes_are_in_every_part(counts, seed):
    labels = labels_of(*counts, seed=seed)
    for is_stratified in (None, True):
        for part in parts_of(
            labels, 20, 20, split_seed=seed, is_stratified=is_stratified
        ):
            assert part.all()


@pytest.mark.parametrize("num", [0.1, 0.25, 50])
def test_strata_have_the_shares_of_the_whole(num):
    labels = labels_of(100, 60, 40)
    size = num if isinstance(num, int) else round(num * 200)
    test, validation, rest = parts_of(labels, num, num, is_stratified=True)
    ideal = size * np.array([100, 60, 40]) / 200
    for part in (test, validation):
        assert part.sum() == size
        assert np.abs(part - ideal).max() < 1
    assert (test + validation + rest).tolist() == [100, 60, 40]


def test_a_share_of_few_examples_has_one_of_each_class():
    for part in parts_of(labels_of(*[3] * 10), 0.15, 0.15, is_stratified=True):
        assert part.tolist() == [1] * 10


def test_every_example_of_strata_has_one_place():
    labels = labels_of(50, 20, 7)
    part = data.split(
        labels,
        num_labeled=6,
        num_validation=0.2,
        num_test=0.2,
        is_stratified=True,
        unlabeled="rest",
    )
    places = (part.test, part.validation, part.labeled, part.unlabeled)
    assert sorted(np.concatenate(places)) == list(range(77))
    assert np.bincount(labels[part.labeled]).tolist() == [2, 2, 2]


def test_strata_depend_on_split_seed_alone():
    labels = labels_of(50, 20, 7)
    one, two, other = (
        data.split(
            labels,
            num_labeled=3,
            num_validation=10,
            num_test=10,
            is_stratified=True,
            seed=seed,
            split_seed=split_seed,
        )
        for seed, split_seed in ((0, 0), (1, 0), (0, 1))
    )
    np.testing.assert_array_equal(one.test, two.test)
    np.testing.assert_array_equal(one.validation, two.validation)
    assert one.test.tolist() != other.test.tolist()


def test_enough_of_a_rare_class_is_left_for_the_labels():
    labels = labels_of(100, 100, 7)
    *_, labeled = parts_of(labels, 30, 30, num_labeled=15, is_stratified=True)
    assert labeled.tolist() == [5, 5, 5]


def test_without_strata_parts_are_drawn_from_all_together():
    labels = labels_of(480, 12, 8)
    missing = 0
    for seed in range(20):
        test, validation, _ = parts_of(
            labels, 50, 50, split_seed=seed, is_stratified=False
        )
        missing += not (test.all() and validation.all())
    assert missing > 5


def test_parts_that_have_every_class_are_drawn_as_ever():
    labels = labels_of(100, 100, 100)
    for seed in range(20):
        one, other = (
            data.split(
                labels,
                num_labeled=30,
                num_validation=50,
                num_test=50,
                split_seed=seed,
                is_stratified=is_stratified,
            )
            for is_stratified in (None, False)
        )
        assert one.fingerprint == other.fingerprint


@pytest.mark.parametrize(
    ("counts", "options", "match"),
    [
        ((9, 2), {}, r"must have 3 labelled .*num_test.*Received: 1 \(2\)$"),
        ((9, 2), {"class_names": ("cat", "owl")}, r"Received: owl \(2\)$"),
        ((9, 9), {"num_test": 1}, "`num_test` must be from 2, one exam.*=1$"),
        (
            (9, 9),
            {"num_test": 2, "num_validation": 15},
            "`num_validation` must be from 2.* to 14, .*=15$",
        ),
        ((99, 9), {"num_labeled": 20}, r"10 to learn.*`num_labeled`.*1 \(9\)$"),
    ],
)
def test_what_cannot_be_divided_names_the_setting(counts, options, match):
    sizes = {"num_labeled": None, "num_validation": 2, "num_test": 2}
    with pytest.raises(ValueError, match=match):
        data.split(labels_of(*counts), is_stratified=True, **(sizes | options))


def test_a_class_of_two_is_refused_unless_strata_are_given_up():
    labels = labels_of(200, 2)
    sizes = {"num_labeled": None, "num_validation": 20, "num_test": 20}
    for seed in range(10):
        data.split(labels, split_seed=seed, is_stratified=False, **sizes)
        with pytest.raises(ValueError, match=r"Received: 1 \(2\)$"):
            data.split(labels, split_seed=seed, **sizes)


def test_a_part_that_is_asked_to_be_small_may_lack_classes():
    labels = labels_of(30, 30, 30)
    [test, *_] = parts_of(labels, 9, 2)
    assert test.sum() == 2


@pytest.mark.parametrize("name", ["digits", *domains.DATASETS])
def test_recorded_recipes_keep_their_splits(name):
    loaders = {"digits": data.digits, **domains.DATASETS}
    _, labels = loaders[name]()
    checked = 0
    for recipe in recipes.RECIPES.values():
        if recipe.data.dataset != name:
            continue
        sizes = {
            "num_labeled": recipe.data.num_labeled or None,
            "num_validation": recipe.data.num_validation,
            "num_test": recipe.data.num_test,
            "is_balanced": recipe.data.is_balanced,
            "split_seed": recipe.data.split_seed,
        }
        for seed in range(24):
            one = data.split(labels, seed=seed, **sizes)
            two = data.split(labels, seed=seed, is_stratified=False, **sizes)
            assert one.fingerprint == two.fingerprint
            checked += 1
    assert checked


def test_few_examples_of_a_class_are_said_by_name():
    labels = labels_of(100, 4, 60, 8)
    names = ("cat", "owl", "dog", "bat")
    *lines, last = strata.rare_classes(labels, np.arange(172), names)
    assert lines == [
        "the class owl has few labelled examples to learn from: 4 of 172",
        "the class bat has few labelled examples to learn from: 8 of 172",
    ]
    assert "method.class_weights=balanced" in last
    assert strata.rare_classes(labels_of(9, 8), np.arange(17), "ab") == ()
