"""Accuracies over seeds, as text and as paired differences."""

import math
import statistics
from collections.abc import Iterable
from collections.abc import Mapping
from typing import NamedTuple

from scipy import stats


class Gap(NamedTuple):
    """A difference in points, paired by seed.

    Attributes:
        mean: Mean over the seeds that both sides have.
        error: Standard error of that mean.
        better: Number of seeds at which the difference is above 0.
        number: Number of seeds.
    """

    mean: float
    error: float
    better: int
    number: int

    @property
    def half_width(self) -> float:
        """Half of the 95 % interval, by Student's t."""
        return stats.t.ppf(0.975, self.number - 1) * self.error

    @property
    def with_t(self) -> str:
        """The text, with the mean in standard errors too."""
        t = self.mean / self.error
        return f"{self.mean:+.1f} (SE {self.error:.1f}, t {t:+.1f})"

    def __str__(self) -> str:
        return f"{self.mean:+.1f} (SE {self.error:.1f})"


def spread(values: Iterable[float | None]) -> str:
    """Returns mean and standard deviation of fractions, in percent.

    The text is empty where a value is missing or there is none, and has no
    deviation where there is one value.
    """
    every = list(values)
    found = [value for value in every if value is not None]
    if not found or len(found) < len(every):
        return ""
    mean = f"{100 * statistics.mean(found):.1f}"
    if len(found) == 1:
        return mean
    return f"{mean} ± {100 * statistics.stdev(found):.1f}"


def gap(ours: Mapping[int, float], theirs: Mapping[int, float]) -> Gap | None:
    """Compares fractions by seed.

    Args:
        ours: A fraction for each seed.
        theirs: Likewise; what is subtracted.

    Returns:
        The difference, or `None` with fewer than two seeds in common.
    """
    common = sorted(set(ours) & set(theirs))
    if len(common) < 2:
        return None
    gaps = [100 * (ours[seed] - theirs[seed]) for seed in common]
    error = statistics.stdev(gaps) / math.sqrt(len(gaps))
    better = sum(one > 0 for one in gaps)
    return Gap(statistics.mean(gaps), error, better, len(gaps))
