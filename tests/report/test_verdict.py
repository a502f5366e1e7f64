"""The verdict on methods: its numbers, its intervals and its words."""

import numpy as np
import pytest
from scipy import stats

from keras_mpl import report
from keras_mpl.report import verdict


def _training(name, hits, size):
    return report.Training(name, f"method {name}", np.arange(size) < hits)


@pytest.mark.parametrize(
    ("hits", "size"), [(0, 5), (5, 5), (8, 10), (673, 1000)]
)
def test_wilsons_interval_is_that_of_scipy(hits, size):
    expected = stats.binomtest(hits, size).proportion_ci(method="wilson")
    assert verdict.wilson(hits, size) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("gained", "lost"), [(0, 0), (3, 0), (7, 7), (4, 19), (1200, 1100)]
)
def test_mcnemar_is_the_exact_binomial_test(gained, lost):
    total = gained + lost
    expected = stats.binomtest(gained, total).pvalue if total else 1.0
    assert verdict.mcnemar(gained, lost) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("probs", [(0.1, 0.04), (0.02, 0.02), (0.3, 0.2)])
@pytest.mark.parametrize("size", [40, 250])
def test_paired_intervals_hold_the_truth_in_95_of_100_draws(probs, size):
    gain, loss = probs
    rng = np.random.default_rng(0)
    draws = rng.multinomial(size, [gain, loss, 1 - gain - loss], size=4000)
    bounds = np.array(
        [verdict.paired_interval(g, n, size) for g, n, _ in draws]
    )
    holds = (bounds[:, 0] <= gain - loss) & (gain - loss <= bounds[:, 1])
    assert 0.94 < holds.mean() <= 1.0


def test_a_difference_is_named_only_where_the_examples_can_show_it():
    base, few = _training("a", 40, 80), _training("b", 42, 80)
    many = _training("c", 60, 80)
    found = report.compare_trainings([base, few, many], "a", "images")
    first, *others = found["methods"]
    assert "difference" not in first
    assert [one["outcome"] for one in others] == ["no difference", "better"]
    lines = report.verdict_lines(found)
    assert lines[0].startswith("Method a: 50.0 % right (95 % interval 39.")
    assert "no difference from method a that 80 test images can" in lines[1]
    assert "(+2.5 points, 95 % interval -2." in lines[1]
    assert "better than method a by 25.0 points" in lines[2]
    turned = report.compare_trainings([base, many], "c", "images")
    assert "worse than method c by 25.0" in report.verdict_lines(turned)[0]


def test_equal_answers_are_no_difference_and_have_an_interval():
    both = [_training(name, 40, 80) for name in "ab"]
    found = report.compare_trainings(both, "a", "images")["methods"][1]
    assert (found["difference"], found["p_value"]) == (0.0, 1.0)
    low, high = found["difference_interval"]
    assert low < 0 < high


def test_one_training_is_compared_with_nothing():
    found = report.compare_trainings([_training("a", 3, 4)], None, "points")
    assert [*found["methods"][0]] == ["recipe", "title", "accuracy", "interval"]
    assert len(report.verdict_lines(found)) == 1
