"""What `verify` found, as numbers and as the table that is printed."""

from typing import NamedTuple

import numpy as np


class Row(NamedTuple):
    """How one formula compares with the reference gradient.

    Attributes:
        name: Of the kind of feedback, or of somebody's formula.
        relative_error: `|found - reference| / |reference|`.
        cosine: Of the angle between the two; NaN where `found` is 0.
        norm: `|found|`, in nats per unit of weight.
        draws: Number of samples of the pseudo labels in the mean.
    """

    name: str
    relative_error: float
    cosine: float
    norm: float
    draws: int


class Verification(NamedTuple):
    """What `verify` found; `str()` of it is the table.

    Attributes:
        rows: One per formula; the first is `soft`, the exact one.
        reference: What the rows are compared with.
        noise_floor: Relative error that the measurement itself has: the
            disagreement of central differences at two step widths.
        measured_error: Relative error of `soft` against central differences,
            over `directions` directions in the space of the teacher's weights.
        directions: Number of directions.
        dtype: Type that losses are computed in.
        is_linear: Whether the student's optimizer is plain SGD, which alone
            has an exact feedback.
        measured_cosine: Of the angle between `soft` and the differences, as
            vectors over the directions.
    """

    rows: tuple[Row, ...]
    reference: str
    noise_floor: float
    measured_error: float
    directions: int
    dtype: str
    is_linear: bool

    measured_cosine: float

    @property
    def passed(self) -> bool:
        """Whether `soft` agrees with the differences within their noise.

        Through an optimizer that is not plain SGD: whether it points the
        same way.
        """
        if not self.is_linear:
            return self.measured_cosine > 0
        return self.measured_error <= max(3 * self.noise_floor, 1e-6)

    def __str__(self) -> str:
        head = (
            f"{'feedback':<34}{'relative error':>15}{'cosine':>9}"
            f"{'sign':>6}{'norm':>11}{'draws':>7}"
        )
        lines = [head, "-" * len(head), *(_line(row) for row in self.rows)]
        verdict = "agrees" if self.passed else "DOES NOT AGREE"
        lines += [
            "",
            f"Rows are compared with {self.reference}.",
            f"`soft` {verdict} with central differences of Eq. 3 along "
            f"{self.directions} directions:",
            f"relative error {self.measured_error:.1e}, cosine "
            f"{self.measured_cosine:.6f}; the measurement's own noise floor "
            f"in {self.dtype} is {self.noise_floor:.1e}.",
        ]
        if not self.is_linear:
            lines.append(
                "The student's optimizer is not plain SGD: feedback is the "
                "alignment of raw gradients, so only its direction counts."
            )
        return "\n".join(lines)


def _line(row: Row) -> str:
    sign = {True: "+", False: "-"}.get(row.cosine > 0)
    cosine = f"{row.cosine:9.4f}"
    if np.isnan(row.cosine):
        sign, cosine = "0", f"{'-':>9}"
    return (
        f"{row.name:<34}{row.relative_error:15.1e}{cosine}"
        f"{sign:>6}{row.norm:11.2e}{row.draws:7d}"
    )
