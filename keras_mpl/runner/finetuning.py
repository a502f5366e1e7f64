"""The last stage: a student learns from the labels, at a small fixed rate."""

import dataclasses
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_mpl import data
from keras_mpl import trainers

BATCH_SIZE = 512  # Sec. 3.2 and 3.3


def finetune(
    student: keras.Model,
    labeled: Any,
    *,
    learning_rate: float = 1e-5,
    batch_size: int = BATCH_SIZE,
    steps: int = 1000,
    view: Any = None,
    validation_data: Any = None,
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
        labeled: `(inputs, labels)` arrays, or a dataset of such examples.
        learning_rate: Of plain SGD, the same at every step.
        batch_size: Examples per step; all of them where there are fewer.
        steps: Steps of SGD.
        view: Function `(inputs, seeds) -> inputs` that augments them, or
            `None`.
        validation_data: As in `fit`.
        seed: Of order, view and dropout.
        verbose: As in `fit`.

    Returns:
        What `fit` returns; `val_accuracy` is the student's.

    Raises:
        ValueError: If the student or the data can not be used.

    >>> images, labels = data.digits()
    >>> student = keras.Sequential([keras.Input((8, 8, 1)),
    ...     keras.layers.Flatten(), keras.layers.Dense(10)])
    >>> history = finetune(student, (images[:64], labels[:64]), steps=5)
    >>> len(history.history["student_loss"])
    1
    """
    model = prepared(student, learning_rate, seed=seed)
    return model.fit(
        batches(labeled, batch_size=batch_size, view=view, seed=seed),
        steps_per_epoch=steps,
        validation_data=validation_data,
        verbose=verbose,
    )


def prepared(
    student: keras.Model,
    learning_rate: float,
    *,
    seed: int,
    steps_per_execution: int = 1,
) -> trainers.Supervised:
    """Compiles a student for finetuning: plain SGD, and no average."""
    model = trainers.Supervised(student, ema_decay=0.0, seed=seed)
    model.compile(
        student_optimizer=keras.optimizers.SGD(learning_rate),
        metrics=["accuracy"],
        steps_per_execution=steps_per_execution,
    )
    return model


def batches(
    labeled: Any,
    *,
    batch_size: int,
    view: Any,
    seed: int,
    finish: Any = None,
) -> data.PairedData:
    """Labelled batches, in the form in which every method takes them.

    The unlabelled half is never looked at.
    """
    if isinstance(labeled, tf.data.Dataset):
        unlabeled = labeled.map(lambda inputs, label: inputs)
    elif isinstance(labeled, data.Records):
        batch_size = min(batch_size, len(labeled))
        unlabeled = dataclasses.replace(
            labeled, parse=lambda *record: labeled.parse(*record)[0]
        )
    else:
        unlabeled = labeled[0]
        batch_size = min(batch_size, len(np.asarray(labeled[1])))
    return data.pair(
        labeled,
        unlabeled,
        weak=view,
        strong=lambda inputs, seeds: inputs,
        finish=finish,
        batch_size=batch_size,
        unlabeled_ratio=1,
        seed=seed,
    )
