"""The loop calls a step as often as asked, and ends where the data end."""

import pytest
import tensorflow as tf

from keras_mpl.trainers.engine import loop

ONE_REPLICA = tf.distribute.get_strategy()


def numbers(count):
    return iter(tf.data.Dataset.range(count))


def counted():
    seen = tf.Variable(0, dtype=tf.int64)

    def step(data):
        seen.assign_add(1)
        return {"last": tf.identity(data), "steps": seen.read_value()}

    return step


@pytest.mark.parametrize("is_eager", [True, False], ids=["eager", "graph"])
@pytest.mark.parametrize("steps", [1, 3])
def test_training_runs_so_many_steps_a_call_and_logs_the_last(steps, is_eager):
    function = loop.training(
        counted(), ONE_REPLICA, steps=steps, is_eager=is_eager
    )
    logs = function(numbers(9))
    assert int(logs["last"]) == steps - 1
    assert int(logs["steps"]) == steps


def test_training_ends_as_keras_expects_it():
    function = loop.training(counted(), ONE_REPLICA, steps=1, is_eager=False)
    iterator = numbers(2)
    assert [int(function(iterator)["last"]) for _ in range(2)] == [0, 1]
    with pytest.raises(StopIteration):
        function(iterator)


def test_measuring_takes_what_is_left_within_a_call():
    function = loop.measuring(counted(), ONE_REPLICA, steps=4, is_eager=False)
    iterator = numbers(6)
    assert int(function(iterator)["last"]) == 3
    assert int(function(iterator)["last"]) == 5
    with pytest.raises(StopIteration):
        function(iterator)


def test_one_replica_is_left_to_keras():
    assert not loop.is_needed(ONE_REPLICA)
