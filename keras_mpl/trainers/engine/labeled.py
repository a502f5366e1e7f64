"""What the labelled examples of a batch count, and the loss on their labels.

By class (`class_weights`), and by example (`sample_weight` in the data). Both
become one weight per example where a batch is read, and every loss on given
labels has it: a step is that on examples that are there so many times. Without
weights a step has no operation for them. Must not know any method.
"""

import tensorflow as tf

from keras_mpl import losses
from keras_mpl import replicas
from keras_mpl.batch import Batch
from keras_mpl.batch import BatchLike
from keras_mpl.batch import weighted
from keras_mpl.trainers.checks import batches as batch_checks
from keras_mpl.trainers.checks import networks as network_checks
from keras_mpl.trainers.checks import weights as weight_checks
from keras_mpl.trainers.engine import class_weighing
from keras_mpl.trainers.engine import guard
from keras_mpl.trainers.engine.paired_model import PairedModel
from keras_mpl.types import Tensor
from keras_mpl.types import TensorLike


class LabeledModel(PairedModel):
    """A model that learns from labels, of which not all need count alike.

    Subclasses have the attributes of a `PairedModel`, and those below.
    """

    label_smoothing: float
    class_weights: class_weighing.Kept | None

    def _make_class_weights(self) -> None:
        """Makes the variable of the class weights, if there are some."""
        self._class_weights = class_weighing.variable(
            self.class_weights,
            self.num_classes,
            self.add_weight,
            network_checks.loss_dtype(self.student),
        )

    @property
    def weight_by_class(self) -> Tensor | None:
        """What a labelled example of each class counts; `None` if all alike.

        Shape `(num_classes,)`.
        """
        given = self._class_weights
        return None if given is None else given.value

    def count_labels(self, labels: TensorLike | None) -> None:
        """Scales the class weights by the labels that `fit` was given.

        Args:
            labels: All of them, or `None` where they are not in memory.

        Raises:
            ValueError: If the weights need labels in memory, or every
                labelled example would count 0.
        """
        if self._class_weights is not None and self.class_weights is not None:
            kept = self.class_weights
            self._class_weights.assign(
                class_weighing.scaled(kept, labels, self.num_classes)
            )

    def read_batch(self, data: BatchLike) -> Batch:
        """Reads one element of the data; labels become probabilities.

        Args:
            data: A `Batch`, or `((inputs, labels), (weak, strong))`, where
                `(inputs, labels, sample_weight)` may stand for the former.

        Returns:
            A `Batch` whose labels have shape `(batch, num_classes)`. What its
            labelled examples count, by class and by example together, is its
            `sample_weight`, which is `None` without weights.

        Raises:
            ValueError: If it is of another form.
        """
        batch = batch_checks.as_batch(data)
        batch_checks.batch_spec(batch, self.num_classes)
        self.check_labels("labels", batch.labels)
        if batch.sample_weight is not None:
            self._check_weights(batch.sample_weight)
        dtype = network_checks.loss_dtype(self.student)
        probs = losses.class_probs(batch.labels, self.num_classes, dtype)
        batch = batch._replace(labels=probs)
        weight = self._weight(batch)
        return batch if weight is None else weighted(batch, weight)

    def _check_weights(self, weights: Tensor) -> None:
        """Adds to a step the check of its examples' weights, shape `(batch,)`.

        Where XLA keeps the step from raising, one that has others than finite
        weights of 0 or more does not count.
        """
        if not self.is_compiled_by_xla:
            weight_checks.assert_values(weights)
            return
        is_bad = tf.cast(~weight_checks.are_usable(weights), "float32")
        guard.watch_condition("the sample weights", replicas.add(is_bad) == 0)

    def _weight(self, batch: Batch) -> Tensor | None:
        """What each labelled example counts, shape `(batch,)`."""
        of_example, by_class = batch.sample_weight, self.weight_by_class
        if of_example is not None:
            of_example = tf.cast(of_example, batch.labels.dtype)
        if by_class is None:
            return of_example
        of_class = tf.reduce_sum(batch.labels * by_class, axis=-1)
        return of_class if of_example is None else of_class * of_example

    def labeled_losses(self, batch: Batch, logits: Tensor) -> Tensor:
        """The loss on given labels: smoothed, and weighed.

        Args:
            batch: As `read_batch` returned it.
            logits: A network's of the labelled inputs, shape
                `(batch, num_classes)`.

        Returns:
            Per-example loss, shape `(batch,)`.
        """
        return losses.labeled_cross_entropy(
            batch.labels,
            logits,
            label_smoothing=self.label_smoothing,
            sample_weight=batch.sample_weight,
        )
