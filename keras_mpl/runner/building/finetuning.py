"""The finetuning stage: the model and the batches of labelled examples."""

import dataclasses
from collections.abc import Callable
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf

from keras_mpl import data
from keras_mpl import trainers
from keras_mpl.batch import Batch
from keras_mpl.seeds import Site
from keras_mpl.trainers.engine.forward import forward
from keras_mpl.types import ClassWeights
from keras_mpl.types import Inputs
from keras_mpl.types import Tensor
from keras_mpl.types import TensorLike

BATCH_SIZE = 512  # Sec. 3.2 and 3.3

# Arrays of inputs and labels, perhaps with weights, or a dataset of such.
Labeled: TypeAlias = (
    tuple[Inputs, TensorLike]
    | tuple[Inputs, TensorLike, TensorLike]
    | tf.data.Dataset
)

# Augments inputs by seeds.
View: TypeAlias = Callable[[Inputs, Tensor], Inputs]


class _AsInInference(trainers.Supervised):
    """Learns with the network as it answers: nothing of it follows a batch.

    BatchNorm normalises by its moving statistics, which stay, and dropout is
    off; all trainable weights learn.
    """

    def student_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Cross-entropy with the labels."""
        key = self.key(Site.STUDENT)
        logits = forward(
            self.student, batch.labeled_inputs, key, training=False
        )
        terms = self.labeled_terms(batch, logits)
        return {"student_loss": terms.pop("labeled_loss"), **terms}


def compiled(
    student: keras.Model,
    learning_rate: float,
    *,
    seed: int,
    batch_statistics: bool = True,
    steps_per_execution: int = 1,
    class_weights: ClassWeights | None = None,
) -> trainers.Supervised:
    """Compiles a student for finetuning: plain SGD, and no average.

    Args:
        student: The network.
        learning_rate: The same at every step.
        seed: Of dropout.
        batch_statistics: See `keras_mpl.finetune`.
        steps_per_execution: As Keras has it.
        class_weights: As of every method.
    """
    kind = trainers.Supervised if batch_statistics else _AsInInference
    model = kind(
        student,
        ema_decay=0.0,
        ramp_statistics=False,
        class_weights=class_weights,
        seed=seed,
    )
    model.compile(
        student_optimizer=keras.optimizers.SGD(learning_rate),
        metrics=["accuracy"],
        steps_per_execution=steps_per_execution,
    )
    return model


def batches(
    labeled: Labeled | data.Records,
    *,
    batch_size: int,
    view: View | None,
    seed: int,
    finish: Callable[[Inputs], Inputs] | None = None,
) -> data.PairedData:
    """Makes labelled batches in the form that every method takes.

    The unlabelled half of a batch is not used.
    """
    if isinstance(labeled, tf.data.Dataset):
        unlabeled = labeled.map(lambda inputs, *others: inputs)
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
