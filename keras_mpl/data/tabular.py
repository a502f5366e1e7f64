"""A table that needs no download: rows of measurements, not images.

From scikit-learn, which is imported only when it is asked for.
"""

import numpy as np


def breast_cancer() -> tuple[np.ndarray, np.ndarray]:
    """Loads 569 rows of 30 measurements of cell nuclei, of two classes.

    Each column is scaled to mean 0 and standard deviation 1 over all rows;
    labels are not used for that.

    Returns:
        Features, float32, shape `(569, 30)`, and labels 0 (malignant) or 1,
        int32, shape `(569,)`.

    >>> features, labels = breast_cancer()
    >>> features.shape, np.bincount(labels).tolist()
    ((569, 30), [212, 357])
    """
    from sklearn import datasets

    features, labels = datasets.load_breast_cancer(return_X_y=True)
    features = (features - features.mean(0)) / features.std(0)
    return features.astype(np.float32), labels.astype(np.int32)
