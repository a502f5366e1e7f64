"""Which method did best on the same test examples, with its uncertainty.

All of it is arithmetic on who was right on which example. Only the choice of
test examples is in the intervals: another seed would train other students.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from keras_mpl.report.escapes import markdown
from keras_mpl.report.formats import Compared
from keras_mpl.report.formats import Result
from keras_mpl.report.formats import Verdict

_Z = 1.959964  # of a normal distribution, 95 % within it
_LEVEL = 0.05


class Training(NamedTuple):
    """One training of a run, and on which test examples it was right.

    Attributes:
        recipe: Name of its recipe.
        title: Its method in words, as in the middle of a sentence.
        is_right: Per test example, bool, shape `(num_test,)`.
    """

    recipe: str
    title: str
    is_right: np.ndarray


def compare_trainings(
    trainings: Sequence[Training], reference: str | None, noun: str
) -> Verdict:
    """Compares the trainings of a run on the same test examples.

    Args:
        trainings: All of them, in the order to show.
        reference: The recipe that the others are compared with, if any is.
        noun: What an example is, in the plural: `images` for instance.

    Returns:
        Plain values for `result.json`; `verdict_lines` says them in words.

    >>> right = np.array([True, True, False, False])
    >>> alone = Training("a", "the labels alone", right)
    >>> found = compare_trainings([alone], None, "images")
    >>> found["methods"][0]["accuracy"]
    0.5
    """
    by_name = {one.recipe: one for one in trainings}
    base = None if reference is None else by_name[reference]
    return {
        "num_test": len(trainings[0].is_right),
        "noun": noun,
        "reference": reference,
        "methods": [_compared(one, base) for one in trainings],
    }


def _compared(one: Training, base: Training | None) -> Compared:
    hits, size = int(one.is_right.sum()), len(one.is_right)
    found: Compared = {
        "recipe": one.recipe,
        "title": one.title,
        "accuracy": hits / size,
        "interval": [*wilson(hits, size)],
    }
    if base is None or base is one:
        return found
    gained = int((one.is_right & ~base.is_right).sum())
    lost = int((base.is_right & ~one.is_right).sum())
    low, high = paired_interval(gained, lost, size)
    p_value = mcnemar(gained, lost)
    outcome = "no difference"
    if p_value < _LEVEL and low * high > 0:
        outcome = "better" if gained > lost else "worse"
    return {
        **found,
        "difference": (gained - lost) / size,
        "difference_interval": [low, high],
        "p_value": p_value,
        "outcome": outcome,
    }


def wilson(hits: int, size: int) -> tuple[float, float]:
    """Returns Wilson's 95 % interval of a fraction.

    >>> [round(bound, 3) for bound in wilson(8, 10)]
    [0.49, 0.943]
    """
    share, weight = hits / size, _Z**2 / size
    middle = (share + weight / 2) / (1 + weight)
    half = math.sqrt(share * (1 - share) * weight + weight**2 / 4)
    half /= 1 + weight
    return max(0.0, middle - half), min(1.0, middle + half)


def paired_interval(gained: int, lost: int, size: int) -> tuple[float, float]:
    """Returns the 95 % interval of a difference of paired fractions.

    Bonett and Price (2012): Wald's interval after one example more that was
    gained, and one more that was lost. A bootstrap is too short where few
    examples differ, and has no length where none does.

    Args:
        gained: Examples on which only the first method is right.
        lost: Examples on which only the second one is.
        size: All examples.

    >>> [round(bound, 3) for bound in paired_interval(3, 0, 80)]
    [-0.016, 0.09]
    """
    gain, loss = (gained + 1) / (size + 2), (lost + 1) / (size + 2)
    variance = (gain + loss - (gain - loss) ** 2) / (size + 2)
    half = _Z * math.sqrt(variance)
    return max(-1.0, gain - loss - half), min(1.0, gain - loss + half)


def mcnemar(gained: int, lost: int) -> float:
    """Returns the exact two-sided p value of McNemar's test.

    It is the probability of a split of the examples that differ that is as
    uneven as theirs, if each went either way by chance.

    Args:
        gained: Examples on which only the first method is right.
        lost: Examples on which only the second one is.

    >>> mcnemar(3, 0), mcnemar(2, 2)
    (0.25, 1.0)
    """
    size, fewer = gained + lost, min(gained, lost)
    count = ways = 1
    for i in range(fewer):
        ways = ways * (size - i) // (i + 1)
        count += ways
    return min(1.0, 2 * count / 2**size)


def verdict_lines(found: Verdict) -> list[str]:
    """Returns a verdict in words, one sentence per method.

    Args:
        found: What `compare_trainings` returned, or a `result.json` has.
    """
    titles = {one["recipe"]: one["title"] for one in found["methods"]}
    base = titles.get(found["reference"] or "")
    return [_sentence(one, found, base) for one in found["methods"]]


def _sentence(one: Compared, found: Verdict, base: str | None) -> str:
    low, high = (100 * bound for bound in one["interval"])
    title = one["title"][:1].upper() + one["title"][1:]
    text = (
        f"{title}: {100 * one['accuracy']:.1f} % right "
        f"(95 % interval {low:.1f} to {high:.1f})"
    )
    if "outcome" not in one:
        return f"{text}."
    points = 100 * one["difference"]
    low, high = (100 * bound for bound in one["difference_interval"])
    interval = f"95 % interval {low:.1f} to {high:.1f}"
    odds = f"p = {one['p_value']:.2g}"
    if one["outcome"] == "no difference":
        return (
            f"{text}, no difference from {base} that {found['num_test']:,} "
            f"test {found['noun']} can show ({points:+.1f} points, "
            f"{interval}, {odds})."
        )
    return (
        f"{text}, {one['outcome']} than {base} by {abs(points):.1f} points "
        f"({interval}, {odds})."
    )


def section(result: Result) -> list[str]:
    """Returns the paragraphs of a report on the methods, in Markdown.

    Args:
        result: Contents of `result.json`; of an earlier version there is
            nothing to say.
    """
    if "verdict" not in result or "exported" not in result:
        return []
    found = result["verdict"]
    said = [f"- {markdown(line)}" for line in verdict_lines(found)]
    return [
        "## Which method",
        f"All were tested on the same {found['num_test']:,} {found['noun']}:",
        "\n".join(said),
        "The intervals are of the choice of the test examples alone, and p is "
        "McNemar's exact test of those on which two methods differ. Another "
        "seed trains other students, which may be better or worse.",
        markdown(result["exported"]["reason"]),
    ]
