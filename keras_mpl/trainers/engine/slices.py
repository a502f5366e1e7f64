"""Rows a few at a time: sums and answers over slices, one after the other.

Must not know networks.
"""

from collections.abc import Callable
from typing import TypeVar

import tensorflow as tf

from keras_mpl import replicas
from keras_mpl.types import Inputs
from keras_mpl.types import Tensor

Structure = TypeVar("Structure")


class Slices:
    """A structure of tensors of equal numbers of rows, cut alike.

    Args:
        rows: Tensors of shape `(rows, ...)`, nested in any way.
        size: Rows of a slice.

    Raises:
        ValueError: If `size` does not divide the rows.
    """

    def __init__(self, rows: Inputs, size: int):
        shapes = [part.shape for part in tf.nest.flatten(rows)]
        self.rows = shapes[0][0]
        if self.rows is None:
            raise ValueError(
                "batches must have a static number of examples where "
                "`microbatch_size` is set: batch with drop_remainder=True. "
                f"Received: shape {shapes[0]}"
            )
        if self.rows % size:
            raise ValueError(
                "`microbatch_size` must divide the unlabelled examples of a "
                f"replica. Received: microbatch_size={size}, "
                f"{self.rows} examples"
            )
        self.number = self.rows // size
        self._cut = tf.nest.map_structure(
            lambda x: tf.reshape(x, (self.number, size, *x.shape[1:])), rows
        )

    def __getitem__(self, index: Tensor) -> Inputs:
        return tf.nest.map_structure(lambda part: part[index], self._cut)

    def add(
        self, part: Callable[[Tensor], Structure], zeros: Structure
    ) -> Structure:
        """Sums `part(index)` over the slices.

        Args:
            part: From a slice's number to a structure of tensors.
            zeros: What to start from, of the same structure.

        Returns:
            The sums.
        """
        return self._each(
            lambda index, sums: tf.nest.map_structure(
                tf.add, sums, part(index)
            ),
            zeros,
        )

    def collect(self, part: Callable[[Tensor], Tensor], like: Tensor) -> Tensor:
        """Computes `part(index)` of every slice and joins them.

        Args:
            part: From a slice's number to as many rows.
            like: Tensor of the type and shape of all rows together.

        Returns:
            All rows, in order.
        """
        size = self.rows // self.number

        def put(index: Tensor, found: Tensor) -> Tensor:
            places = index * size + tf.range(size)
            return tf.tensor_scatter_nd_update(
                found, places[:, None], part(index)
            )

        return self._each(put, tf.zeros_like(like))

    def _each(
        self, body: Callable[[Tensor, Structure], Structure], start: Structure
    ) -> Structure:
        """Goes through the slices, never two at once.

        Replicas can not talk to one another inside of a TensorFlow loop, so
        there the slices are written out one by one.
        """
        if replicas.count() == 1:
            _, found = tf.while_loop(
                lambda index, _: index < self.number,
                lambda index, so_far: (index + 1, body(index, so_far)),
                (tf.constant(0), start),
                parallel_iterations=1,
                maximum_iterations=self.number,
            )
            return found
        found = start
        for number in range(self.number):
            with tf.control_dependencies(tf.nest.flatten(found)):
                index = tf.constant(number)
            found = body(index, found)
        return found
