"""Accuracies over seeds, as text and as paired differences."""

import math
import statistics
from typing import NamedTuple

from scipy import stats


class Gap(NamedTuple):
    """A difference in points, paired by seed.

    Attributes:
        mean: Over the seeds that both have.
        error: Standard error of that mean.
        better: How often it is above 0.
        number: Seeds.
    """

    mean: float
    error: float
    better: int
    number: int

    @property
    def half_width(self):
        """Of the 95 % interval, by Student's t."""
        return stats.t.ppf(0.975, self.number - 1) * self.error

    @property
    def with_t(self):
        """As text, the mean in standard errors too."""
        t = self.mean / self.error
        return f"{self.mean:+.1f} (SE {self.error:.1f}, t {t:+.1f})"

    def __str__(self):
        return f"{self.mean:+.1f} (SE {self.error:.1f})"


def spread(values):
    """Mean and standard deviation of fractions in percent, as text.

    Empty for none; without a deviation for one.
    """
    values = list(values)
    if not values or None in values:
        return ""
    mean = f"{100 * statistics.mean(values):.1f}"
    if len(values) == 1:
        return mean
    return f"{mean} ± {100 * statistics.stdev(values):.1f}"


def gap(ours, theirs):
    """Compares fractions by seed; `None` with fewer than two in common."""
    common = sorted(set(ours) & set(theirs))
    if len(common) < 2:
        return None
    gaps = [100 * (ours[seed] - theirs[seed]) for seed in common]
    error = statistics.stdev(gaps) / math.sqrt(len(gaps))
    better = sum(one > 0 for one in gaps)
    return Gap(statistics.mean(gaps), error, better, len(gaps))
