"""Where a step computes changes its speed, not its result: measured here.

    python -m benchmarks.robustness.strategies

One device, two mirrored replicas (two parts of the CPU) and two worker
processes on loopback take twenty steps of Meta Pseudo Labels on the same
global batches, one and twenty steps per call from Python. Two networks are
smooth; the third has ReLU kinks, where rounding alone parts two runs: a value
within 1e-7 of 0 falls on the other side and changes a gradient. Appends to
`benchmarks/results/strategies.jsonl`, which `render.py` reads.
"""

import itertools
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from absl import app
from absl import flags

from benchmarks.common.records import append

NAME = "strategies"
STRATEGIES = ("none", "mirrored:2", "multiworker")
NETWORKS = ("smooth", "smooth_norm", "wrn_10_1")
STEPS, LABELED, UNLABELED, CLASSES = 20, 16, 32, 10
SHAPE = (16, 16, 3)
_TIMED = 3  # epochs of so many steps, after the one that is compared

_ONLY = flags.DEFINE_string("only", None, "Runs one, in this process.")
_ARRAYS = flags.DEFINE_string("arrays", None, "Where that one leaves weights.")


def smooth(seed, has_norm):
    """Two convolutions and a dense layer; nowhere a kink."""
    import keras

    from keras_mpl import models

    def made(kind, size, number, **options):
        init = keras.initializers.GlorotUniform(seed + number)
        return kind(size, kernel_initializer=init, **options)

    layers = [keras.Input(SHAPE)]
    for number, filters in enumerate((16, 32)):
        options = {"kernel_size": 3, "strides": 2, "use_bias": False}
        layers.append(made(keras.layers.Conv2D, filters, number, **options))
        layers += [models.BatchNorm()] if has_norm else []
        layers.append(keras.layers.Activation("swish"))
    layers.append(keras.layers.GlobalAveragePooling2D())
    layers.append(made(keras.layers.Dense, CLASSES, 2))
    return keras.Sequential(layers)


def network(name, seed):
    import keras

    from keras_mpl import models

    keras.utils.set_random_seed(seed)
    if name.startswith("smooth"):
        return smooth(seed, has_norm=name == "smooth_norm")
    return models.create(name, num_classes=CLASSES, input_shape=SHAPE)


def batches():
    """Twenty different global batches, over and over."""
    import numpy as np
    import tensorflow as tf

    from keras_mpl import Batch

    rng = np.random.default_rng(0)

    def inputs(size):
        return rng.normal(size=(STEPS, size, *SHAPE)).astype("float32")

    labels = rng.integers(0, CLASSES, (STEPS, LABELED))
    batch = Batch(inputs(LABELED), labels, *(inputs(UNLABELED) for _ in "ws"))
    return tf.data.Dataset.from_tensor_slices(batch).repeat()


def model_on(place, name, steps_per_execution):
    import keras

    import keras_mpl

    with place.scope():
        model = keras_mpl.MetaPseudoLabels(
            network(name, 1),
            network(name, 5),
            consistency_weight=1.0,
            confidence_threshold=0.0,  # a gate would be a kink
            clip_norm=1.0,
            weight_decay=5e-4,
            label_smoothing=0.1,
            seed=7,
        )
        model.compile(
            teacher_optimizer=keras.optimizers.SGD(0.05, 0.9, nesterov=True),
            student_optimizer=keras.optimizers.SGD(0.05, 0.9, nesterov=True),
            steps_per_execution=steps_per_execution,
        )
    return model


def trained(place, name, steps_per_execution):
    """Weights after twenty steps; seconds per step of those after them."""
    import keras
    import numpy as np

    model = model_on(place, name, steps_per_execution)
    weights, times = [], []

    def now():
        return time.perf_counter(), time.process_time()

    def after(epoch, logs):
        if epoch == 0:
            networks = (model.teacher, model.student, model.ema_student)
            held = [w for network in networks for w in network.weights]
            weights.extend(np.copy(w.numpy()) for w in held)
        times.append(now())

    watch = keras.callbacks.LambdaCallback(on_epoch_end=after)
    model.fit(
        batches(),
        steps_per_epoch=STEPS,
        epochs=1 + _TIMED,
        callbacks=[watch],
        verbose=0,
    )
    gaps = [
        [(b - a) / STEPS for a, b in zip(*pair, strict=True)]
        for pair in itertools.pairwise(times)
    ]
    wall, busy = (statistics.median(g) for g in zip(*gaps, strict=True))
    return weights, {
        "seconds_per_step": round(wall, 5),
        "cpu_seconds_per_step": round(busy, 5),
    }


def run_one(name, output):
    """All cases of a strategy, in this process."""
    import numpy as np
    import tensorflow as tf

    from keras_mpl import runner

    tf.config.threading.set_intra_op_parallelism_threads(1)
    place = runner.make_strategy(name)
    arrays, seconds = {}, {}
    for net in NETWORKS:
        for steps in (1, STEPS):
            weights, seconds[f"{net}/{steps}"] = trained(place, net, steps)
            for number, weight in enumerate(weights):
                arrays[f"{net}/{steps}/{number}"] = weight
    np.savez(f"{output}.npz", **arrays)
    pathlib.Path(f"{output}.json").write_text(json.dumps(seconds))


def environments(name):
    """What the processes of a strategy find in their environment."""
    if name != "multiworker":
        return [{}]
    held = [socket.create_server(("localhost", 0)) for _ in range(2)]
    workers = [f"localhost:{one.getsockname()[1]}" for one in held]
    for one in held:
        one.close()
    tasks = [{"type": "worker", "index": index} for index in range(2)]
    return [
        {"TF_CONFIG": json.dumps({"cluster": {"worker": workers}, "task": t})}
        for t in tasks
    ]


def run_processes(name, root):
    """Trains under a strategy; weights and seconds of each process."""
    import numpy as np

    outputs, children = [], []
    for index, environment in enumerate(environments(name)):
        outputs.append(str(root / f"{name}-{index}"))
        command = [sys.executable, "-m", __spec__.name, "--only", name]
        children.append(
            subprocess.Popen(
                [*command, "--arrays", outputs[-1]],
                env={**os.environ, **environment},
            )
        )
    if any([child.wait() for child in children]):
        raise SystemExit(f"{name} failed")
    return [
        (
            dict(np.load(f"{output}.npz")),
            json.loads(pathlib.Path(f"{output}.json").read_text()),
        )
        for output in outputs
    ]


def relative(found, expected, case):
    """Largest difference in a weight tensor, by that tensor's largest value."""
    keys = [key for key in expected if key.rpartition("/")[0] == case]
    return max(
        float(abs(found[k] - expected[k]).max() / abs(expected[k]).max())
        for k in keys
    )


def rows(results):
    """One row per strategy and network."""
    single = results["none"][0][0]
    for name, processes in results.items():
        first, seconds = processes[0]
        for net in NETWORKS:
            calls = {f"{net}/{steps}" for steps in (1, STEPS)}
            ones = {k: v for k, v in first.items() if k.startswith(f"{net}/1/")}
            as_many = {
                k: first[k.replace("/1/", f"/{STEPS}/", 1)] for k in ones
            }
            yield {
                "strategy": name,
                "network": net,
                "to_one_device": relative(first, single, f"{net}/1"),
                "one_to_twenty_per_call": relative(as_many, ones, f"{net}/1"),
                "between_processes": max(
                    relative(other, first, case)
                    for other, _ in processes
                    for case in calls
                ),
                "one_per_call": seconds[f"{net}/1"],
                "twenty_per_call": seconds[f"{net}/{STEPS}"],
            }


def main(argv):
    """Runs all, and records it; or the one asked for."""
    del argv
    if _ONLY.value:
        run_one(_ONLY.value, _ARRAYS.value)
        return
    with tempfile.TemporaryDirectory() as root:
        results = {
            name: run_processes(name, pathlib.Path(root)) for name in STRATEGIES
        }
    import keras_mpl
    from keras_mpl import report

    record = {
        **report.environment(keras_mpl.__version__),
        "steps": STEPS,
        "batch_size": LABELED,
        "unlabeled": UNLABELED,
        "load": round(os.getloadavg()[0], 1),
        "rows": list(rows(results)),
    }
    print(json.dumps(record, indent=1))
    append(NAME, [record])


if __name__ == "__main__":
    app.run(main)
