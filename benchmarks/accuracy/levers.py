"""What a row of the ablation does instead of `model.teach`.

Each takes the model, its own `teach`, a batch and the targets, and returns
the lesson: what the student learned, and what the teacher hears of it.
"""

import tensorflow as tf

from keras_mpl import seeds
from keras_mpl.seeds import Site

# Shorter than `digits_20`, so that hundreds of runs fit into an hour.
STEPS = 300


def sign_flipped(model, teach, batch, targets):
    """The student's progress counts against its labels."""
    del model
    lesson = teach(batch, targets)
    return lesson._replace(credit=-lesson.credit)


def shuffled(model, teach, batch, targets):
    """Each example gets the credit of another one of its batch."""
    lesson = teach(batch, targets)
    order = tf.random.experimental.stateless_shuffle(
        tf.range(tf.shape(targets)[0]), _own_key(model, 0)
    )
    return lesson._replace(credit=tf.gather(lesson.credit, order))


def random_labels(model, teach, batch, targets):
    """The student is asked how it does on labels drawn at random."""
    shape = tf.shape(batch.labels)
    drawn = tf.random.stateless_uniform(
        shape[:1], _own_key(model, 1), 0, shape[1], tf.int32
    )
    labels = tf.one_hot(drawn, shape[1], dtype=batch.labels.dtype)
    return teach(batch._replace(labels=labels), targets)


def unheard(model, teach, batch, targets):
    """The student learns, and the teacher hears nothing of it."""
    del model
    lesson = teach(batch, targets)
    return lesson._replace(credit=tf.zeros_like(lesson.credit))


def argmax(model, teach, batch, targets):
    """The student learns from the likeliest class alone."""
    del model
    best = tf.argmax(targets, axis=-1)
    return teach(
        batch, tf.one_hot(best, targets.shape[-1], dtype=targets.dtype)
    )


def rising(model, teach, batch, targets):
    """The feedback counts from 0 to twice, by steps.

    As the teacher's rate falls, that is 0.73 of what a constant factor comes
    to, and 1.27 of it for `falling`.
    """
    return _times(2 * _progress(model), teach(batch, targets))


def falling(model, teach, batch, targets):
    """The feedback counts from twice to 0, by steps.

    As recipes have it by `feedback_schedule=linear`, which came later.
    """
    return _times(2 - 2 * _progress(model), teach(batch, targets))


def _progress(model):
    return tf.cast(model.step, tf.float32) / STEPS


def _times(factor, lesson):
    credit = lesson.credit
    return lesson._replace(credit=tf.cast(factor, credit.dtype) * credit)


def normalised(model, teach, batch, targets):
    """Every class' credit has one deviation over the batch: their mean."""
    del model
    lesson = teach(batch, targets)
    deviation = tf.math.reduce_std(lesson.credit, axis=0)
    return _times(
        tf.math.divide_no_nan(tf.reduce_mean(deviation), deviation), lesson
    )


def clipped(model, teach, batch, targets):
    """No credit is further from 0 than its root mean square over the batch."""
    del model
    lesson = teach(batch, targets)
    bound = tf.sqrt(tf.reduce_mean(lesson.credit**2))
    return lesson._replace(
        credit=tf.clip_by_value(lesson.credit, -bound, bound)
    )


def without_baseline(model, teach, batch, targets):
    """One scalar per batch as it is."""
    del model
    lesson = teach(batch, targets)
    feedback = lesson.shared["feedback"]
    return lesson._replace(advantage=tf.cast(feedback, lesson.advantage.dtype))


def _own_key(model, number):
    return seeds.fold(model.key(Site.PSEUDO_LABEL), 1 + number)
