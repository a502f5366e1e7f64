"""The contract of a step's input and of its source."""

from keras_mpl import batch
from keras_mpl import data


def test_the_fields_are_in_the_order_that_trainers_unpack():
    labeled, labels, weak, strong = batch.Batch(
        labels=1, strong_inputs=3, labeled_inputs=0, weak_inputs=2
    )
    assert (labeled, labels, weak, strong) == (0, 1, 2, 3)


def test_the_batches_of_pair_are_a_source_and_a_list_is_not():
    images, labels = data.digits()
    source = data.pair(
        (images[:4], labels[:4]),
        images[4:12],
        weak=lambda inputs, seeds: inputs,
        strong=lambda inputs, seeds: inputs,
        batch_size=2,
        unlabeled_ratio=2,
    )
    assert isinstance(source, batch.BatchSource)
    assert source.steps_per_epoch == 2
    assert isinstance(next(iter(source.batches(3))), batch.Batch)
    assert not isinstance([], batch.BatchSource)
