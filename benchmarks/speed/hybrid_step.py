"""Takes steps of Meta Pseudo Labels with every weight split by DTensor.

    python -m benchmarks.speed.hybrid_step
    python -m benchmarks.speed.hybrid_step --reread  # new weights read back

Teacher and student have two layers each, on four parts of the CPU: two for
halves of the batch, two for halves of the hidden units. The exact feedback is
written out, and compared with the same step on whole tensors. It prints JSON;
docs/hybrid.md has the result.
"""

import json

from absl import app
from absl import flags

RATE, STEPS = 0.3, 5
FEATURES, HIDDEN, CLASSES, LABELED, UNLABELED = 6, 8, 3, 4, 8

_REREAD = flags.DEFINE_bool(
    "reread", False, "Read the student's new weights from its variables."
)


def logits(weights, inputs):
    """Returns the logits of a network of two layers."""
    import tensorflow as tf

    first, second = weights
    return tf.matmul(tf.tanh(tf.matmul(inputs, first)), second)


def cross_entropy(probs, predicted):
    """Returns the mean cross-entropy, in nats, of predicted logits."""
    import tensorflow as tf

    log_probs = tf.nn.log_softmax(predicted)
    return -tf.reduce_mean(tf.reduce_sum(probs * log_probs, -1))


def gradient(weights, probs, inputs):
    """Returns the gradient of the cross-entropy, and the cross-entropy."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(weights)
        loss = cross_entropy(probs, logits(weights, inputs))
    return tape.gradient(loss, weights), loss


def step(teacher, student, batch, is_reread):
    """Takes a step of both; returns the student's labelled loss after its own.

    Args:
        teacher: Variables of the teacher.
        student: Variables of the student.
        batch: Labelled inputs, their probabilities, and unlabelled inputs.
        is_reread: Whether the student's new weights are read back.
    """
    import tensorflow as tf

    labeled, labels, unlabeled = batch
    with tf.GradientTape() as of_teacher:
        weights = [w.read_value() for w in teacher]
        of_teacher.watch(weights)
        probs = tf.nn.softmax(logits(weights, unlabeled))
        labeled_loss = cross_entropy(labels, logits(weights, labeled))
        targets = tf.stop_gradient(probs)
        with tf.GradientTape() as outer:
            outer.watch(targets)
            old = [w.read_value() for w in student]
            parts, _ = gradient(old, targets, unlabeled)
        new = [w - RATE * g for w, g in zip(old, parts, strict=True)]
        for variable, value in zip(student, new, strict=True):
            variable.assign(value)
        if is_reread:
            new = [w.read_value() for w in student]
        vectors, loss = gradient(new, labels, labeled)
        credit = outer.gradient(parts, targets, output_gradients=vectors)
        meta = -RATE * tf.reduce_sum(probs * tf.stop_gradient(credit))
        total = labeled_loss + meta
    steps = of_teacher.gradient(total, weights)
    for variable, change in zip(teacher, steps, strict=True):
        variable.assign_sub(RATE * change)
    return loss


def random_start():
    """Returns weights of teacher and student, and a batch, as arrays."""
    import numpy as np

    rng = np.random.default_rng(0)

    def normal(*shape):
        return (rng.normal(size=shape) / 2).astype("float32")

    def network():
        return [normal(FEATURES, HIDDEN), normal(HIDDEN, CLASSES)]

    labels = np.eye(CLASSES, dtype="float32")[rng.integers(0, CLASSES, LABELED)]
    batch = [normal(LABELED, FEATURES), labels, normal(UNLABELED, FEATURES)]
    return network(), network(), batch


def train(variables, batch, is_reread):
    """Takes the steps, which move the variables; returns their losses."""
    import tensorflow as tf

    teacher, student = variables
    one = tf.function(lambda *b: step(teacher, student, b, is_reread))
    return [one(*batch) for _ in range(STEPS)]


def differences(is_reread: bool) -> dict[str, object]:
    """Compares split with whole weights after some steps.

    Args:
        is_reread: Whether the student's new weights are read back.
    """
    import numpy as np
    import tensorflow as tf
    from tensorflow.experimental import dtensor

    mesh = dtensor.create_mesh(
        [("batch", 2), ("model", 2)], devices=[f"CPU:{i}" for i in range(4)]
    )

    def put(array, *split):
        whole = dtensor.Layout.replicated(mesh, rank=array.ndim)
        there = dtensor.copy_to_mesh(tf.constant(array), whole)
        return dtensor.relayout(there, dtensor.Layout([*split], mesh))

    def whole(tensor):
        layout = dtensor.Layout.replicated(mesh, rank=len(tensor.shape))
        return dtensor.unpack(dtensor.relayout(tensor, layout))[0].numpy()

    *networks, batch = random_start()
    plain = [[tf.Variable(w) for w in network] for network in networks]
    expected = train(plain, [tf.constant(b) for b in batch], False)
    no, columns, rows = dtensor.UNSHARDED, "model", "model"
    split = [
        [
            dtensor.DVariable(put(first, no, columns)),
            dtensor.DVariable(put(second, rows, no)),
        ]
        for first, second in networks
    ]
    found = train(split, [put(b, "batch", no) for b in batch], is_reread)
    gaps = [
        np.abs(whole(a.read_value()) - b.numpy()).max()
        for ours, theirs in zip(split, plain, strict=True)
        for a, b in zip(ours, theirs, strict=True)
    ]
    parts = dtensor.unpack(split[1][0].read_value())
    return {
        "reread": is_reread,
        "largest_difference_of_a_weight": float(max(gaps)),
        "losses": [float(whole(loss)) for loss in found],
        "losses_of_whole_weights": [float(loss) for loss in expected],
        "shape": [FEATURES, HIDDEN],
        "shapes_of_its_parts": [list(part.shape) for part in parts],
    }


def main(argv: list[str]) -> None:
    """Prints the differences."""
    del argv
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * 4
    tf.config.set_logical_device_configuration(cpu, parts)
    print(json.dumps({**differences(_REREAD.value), "version": tf.__version__}))


if __name__ == "__main__":
    app.run(main)
