"""Finetunes any student on labelled examples, at a small fixed rate."""

import keras

from keras_mpl.recipes.checked import coerce
from keras_mpl.runner.building import finetuning
from keras_mpl.types import ClassWeights


def finetune(
    student: keras.Model,
    labeled: finetuning.Labeled,
    *,
    learning_rate: float = 1e-5,
    batch_size: int = finetuning.BATCH_SIZE,
    steps: int = 1000,
    view: finetuning.View | None = None,
    batch_statistics: bool = False,
    class_weights: ClassWeights | None = None,
    validation_data: finetuning.Labeled | None = None,
    seed: int = 0,
    verbose: int = 0,
) -> keras.callbacks.History:
    """Trains a student on labelled data alone, in place (paper Sec. 3.2).

    In Meta Pseudo Labels the student never sees a label but through its
    teacher; finetuning makes up for that. Plain SGD at a fixed rate; defaults
    are the paper's for CIFAR-10-4K and SVHN-1K (2,000 steps for ImageNet with
    10 % of labels; 10,000 at 1e-4 for ResNet-50 with JFT). The released code
    has no finetuning.

    Args:
        student: Any built Keras model that ends in logits, such as
            `model.student` or `model.ema_student`.
        labeled: `(inputs, labels)` arrays, or a dataset of such examples; a
            third part weighs the examples, as in `data.pair`.
        learning_rate: Of plain SGD, the same at every step.
        batch_size: Examples per step; all of them where there are fewer.
        steps: Steps of SGD.
        view: Function `(inputs, seeds) -> inputs` that augments them, or
            `None`.
        batch_statistics: Whether BatchNorm normalises by each batch of
            labelled inputs, and its moving statistics follow. By default the
            student is trained as it answers: by its moving statistics, which
            stay, and without dropout. One that learned from strong views is
            used to their statistics, and lost points by others
            (docs/length.md).
        class_weights: As of every method, such as `"balanced"`.
        validation_data: As in `fit`.
        seed: Of order, view and dropout.
        verbose: As in `fit`.

    Returns:
        What `fit` returns; `val_accuracy` is the student's.

    Raises:
        ValueError: If the student or the data can not be used.

    >>> from keras_mpl import data
    >>> images, labels = data.digits()
    >>> student = keras.Sequential([keras.Input((8, 8, 1)),
    ...     keras.layers.Flatten(), keras.layers.Dense(10)])
    >>> history = finetune(student, (images[:64], labels[:64]), steps=5)
    >>> len(history.history["student_loss"])
    1
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ValueError(
            f"`steps` must be a positive integer. Received: steps={steps!r}"
        )
    coerce(batch_statistics, bool, "batch_statistics")
    model = finetuning.compiled(
        student,
        learning_rate,
        seed=seed,
        batch_statistics=batch_statistics,
        class_weights=class_weights,
    )
    return model.fit(
        finetuning.batches(
            labeled, batch_size=batch_size, view=view, seed=seed
        ),
        steps_per_epoch=steps,
        validation_data=validation_data,
        verbose=verbose,
    )
