"""Files of records give every record once, or say which one is damaged."""

import itertools

import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from keras_mpl import data
from keras_mpl import seeds as seeds_lib

LENGTHS = st.lists(st.integers(0, 9), min_size=1, max_size=5).filter(sum)
_fewer = settings(max_examples=max(2, settings.default.max_examples // 5))


def write(folder, lengths):
    """Writes the numbers from 0 on, each as a record; returns a pattern."""
    numbers = itertools.count()
    for shard, length in enumerate(lengths):
        with tf.io.TFRecordWriter(str(folder / f"x-{shard}")) as writer:
            for number in itertools.islice(numbers, length):
                writer.write(np.int64(number).tobytes())
    return str(folder / "x-*")


def parse(record, seeds):
    return tf.io.decode_raw(record, tf.int64)[0]


def stream(found, batch_size, first_step, seed):
    source = found.source("unlabeled", batch_size, 11)
    key = seeds_lib.key(seed)
    return source.stream(first_step, key).as_numpy_iterator()


@_fewer
@given(
    LENGTHS, st.integers(1, 6), st.integers(1, 12), st.integers(0, 2**31 - 1)
)
def test_an_epoch_is_every_record_once(
    tmp_path_factory, lengths, cycle_length, window, seed
):
    pattern = write(tmp_path_factory.mktemp("records"), lengths)
    found = data.records(
        pattern, parse, cycle_length=cycle_length, window=window
    )
    number = sum(lengths)
    assert len(found) == number
    epochs = stream(found, number, 0, seed)
    for epoch in itertools.islice(epochs, 2):
        assert sorted(epoch) == list(range(number))
    second = next(stream(found, number, 1, seed))
    np.testing.assert_array_equal(second, epoch)


@_fewer
@given(LENGTHS, st.randoms(use_true_random=False))
def test_a_turned_bit_is_never_read_as_a_record(
    tmp_path_factory, lengths, random
):
    folder = tmp_path_factory.mktemp("records")
    pattern = write(folder, lengths)
    path = random.choice([p for p in folder.iterdir() if p.stat().st_size])
    content = bytearray(path.read_bytes())
    content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    path.write_bytes(content)
    number = sum(lengths)
    epoch, refusal = (), path.name
    try:
        found = data.records(pattern, parse)
        epoch = next(stream(found, number, 0, 0))
    except (ValueError, tf.errors.InvalidArgumentError) as error:
        refusal = str(error)
    assert path.name in refusal
    assert set(epoch) <= set(range(number))
