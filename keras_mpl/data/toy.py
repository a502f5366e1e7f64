"""Small sets that need no download: digits and two moons.

Both come from scikit-learn, which is imported only when one of them is asked
for. Returns arrays; splitting and batching are done elsewhere.
"""

import numpy as np


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Loads 1,797 handwritten digits of 8x8 pixels.

    Returns:
        Images, float32 in `[0, 1]`, shape `(1797, 8, 8, 1)`, and labels from
        0 to 9, int32, shape `(1797,)`.

    >>> images, labels = digits()
    >>> images.shape, float(images.max()), labels[:4].tolist()
    ((1797, 8, 8, 1), 1.0, [0, 1, 2, 3])
    """
    from sklearn import datasets

    images, labels = datasets.load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8, 1) / 16.0  # stored as 0 to 16
    return images.astype(np.float32), labels.astype(np.int32)


def two_moons(
    num_points: int = 2000, *, noise: float = 0.1, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Draws points on two interleaving half circles, one per class.

    Args:
        num_points: Points of both classes together.
        noise: Standard deviation of Gaussian noise on both coordinates; the
            circles have radius 1.
        seed: Equal seeds give equal points.

    Returns:
        Points, float32, shape `(num_points, 2)`, and labels 0 or 1, int32,
        shape `(num_points,)`.

    Raises:
        ValueError: If `noise` or `num_points` is no such number.

    >>> points, labels = two_moons(100, seed=3)
    >>> points.shape, np.bincount(labels).tolist()
    ((100, 2), [50, 50])
    """
    if not 0 <= noise < np.inf:
        raise ValueError(
            f"`noise` must be 0 or more, and finite. Received: noise={noise!r}"
        )
    if not isinstance(num_points, int | np.integer) or num_points < 2:
        raise ValueError(
            "`num_points` must be a whole number of 2 or more. "
            f"Received: num_points={num_points!r}"
        )
    from sklearn import datasets

    points, labels = datasets.make_moons(
        n_samples=num_points, noise=noise, random_state=seed
    )
    return points.astype(np.float32), labels.astype(np.int32)
