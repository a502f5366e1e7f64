"""Which unlabelled examples are worth learning from.

The choices of the large runs: as many per class as wanted by a trained
network's confidence, and none that is in the test set too. NumPy only, but
for the perceptual hash, which is the `imagehash` library's.
"""

import numpy as np


def top_per_class(probs: np.ndarray, per_class: int) -> np.ndarray:
    """The most confident examples of every predicted class, at most so many.

    As for ResNet-50 in the paper (Sec. 4.1): the top 12,800 images per class
    of a network trained on the labelled set.

    Args:
        probs: Class probabilities, shape `(num_examples, num_classes)`.
        per_class: Largest number per class.

    Returns:
        Indices, ascending, int64.

    Raises:
        ValueError: If `per_class` is not positive.

    >>> probs = np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.3, 0.7]])
    >>> top_per_class(probs, 2).tolist()
    [0, 2, 3]
    """
    _check_positive("per_class", per_class)
    chosen = [order[:per_class] for order in _by_confidence(probs)]
    return np.sort(np.concatenate(chosen))


def balanced(
    probs: np.ndarray, *, confidence_threshold: float, per_class: int
) -> np.ndarray:
    """Noisy Student's choice: confident examples, equally many of each class.

    Those below the threshold are dropped; of classes with more than
    `per_class` the most confident are kept, those with fewer are repeated
    (arXiv:1911.04252, Sec. 3.1: threshold 0.3, 130,000 per class). Theirs are
    repeated at random; here all of a class equally often, and the most
    confident once more to fill up.

    Args:
        probs: Class probabilities, shape `(num_examples, num_classes)`.
        confidence_threshold: Lowest highest probability that is kept.
        per_class: Number per class; classes of which nothing is left stay
            empty.

    Returns:
        Indices, ascending, with repetitions, int64.

    Raises:
        ValueError: If `per_class` is not positive, or nothing is left.

    >>> probs = np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.3, 0.7]])
    >>> balanced(probs, confidence_threshold=0.65, per_class=2).tolist()
    [0, 2, 3, 3]
    """
    _check_positive("per_class", per_class)
    confident = probs.max(-1) >= confidence_threshold
    if not confident.any():
        raise ValueError(
            "`confidence_threshold` must leave something; the highest "
            f"confidence is {probs.max():.3g}. "
            f"Received: confidence_threshold={confidence_threshold}"
        )
    orders = (order[confident[order]] for order in _by_confidence(probs))
    chosen = [np.resize(order, per_class) for order in orders if len(order)]
    return np.sort(np.concatenate(chosen))


def _by_confidence(probs: np.ndarray) -> list[np.ndarray]:
    """Per class the indices predicted to be of it, most confident first."""
    predicted, confidence = probs.argmax(-1), probs.max(-1)
    order = np.argsort(-confidence, kind="stable")
    return [order[predicted[order] == k] for k in range(probs.shape[1])]


def _check_positive(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"`{name}` must be positive. Received: {name}={value}")


def near_duplicates(
    images: np.ndarray, others: np.ndarray, *, max_distance: int
) -> np.ndarray:
    """Which images look like one of the others, by their perceptual hash.

    Two images are near duplicates if their 64-bit DCT hashes (`imagehash`,
    `phash`) differ in at most `max_distance` bits. (The paper says that its
    images do not overlap with the ImageNet validation set, not how that was
    found out.)

    Args:
        images: In `[0, 1]` or uint8, shape `(num, height, width, channels)`.
        others: Such as the test set's, likewise.
        max_distance: In bits, from 0 (equal hashes) to 64.

    Returns:
        Booleans, shape `(num,)`.

    Raises:
        ValueError: If the images are of another shape or range, or
            `imagehash` is not installed.
    """
    hashes, known = _hashes(images), _hashes(others)
    found = np.zeros(len(hashes), bool)
    for start in range(0, len(hashes), 1024):  # in blocks: num x num bits
        block = hashes[start : start + 1024]
        different = block[:, None, :] != known[None, :, :]
        nearest = different.sum(-1).min(-1) if len(known) else 65
        found[start : start + 1024] = nearest <= max_distance
    return found


def _hashes(images: np.ndarray) -> np.ndarray:
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(
            "`images` must be of shape (num, height, width, channels), 1 or 3 "
            f"channels. Received: images of shape {images.shape}"
        )
    try:
        import imagehash
    except ImportError as error:
        raise ValueError(
            "Near duplicates must be found with the library imagehash: "
            "pip install imagehash. Received: no such library"
        ) from error
    from PIL import Image

    if images.dtype != np.uint8:
        low, high = float(images.min(initial=0)), float(images.max(initial=0))
        if not (low >= 0 and high <= 1):
            raise ValueError(
                "`images` must be uint8 or in [0, 1]: of values outside, all "
                "that is dark or bright would look alike. "
                f"Received: images from {low:.4g} to {high:.4g}"
            )
        images = np.round(255 * images).astype(np.uint8)
    return np.array(
        [
            imagehash.phash(Image.fromarray(np.squeeze(image))).hash.ravel()
            for image in images
        ]
    ).reshape(len(images), 64)
