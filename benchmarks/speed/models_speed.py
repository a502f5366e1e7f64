"""Times forward and backward passes of our networks, Keras' and PyTorch's.

    python -m benchmarks.speed.models_speed --torch_python=TORCH_VENV/bin/python

Each case runs in a process of its own, which gives its peak memory, on one
thread; all of them run `--rounds` times in turn, so that others' use of the
machine falls on all alike. The round with the least processor time is
recorded, one JSON line a case, in `benchmarks/results/models_speed.jsonl`.
"""

import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

from absl import app
from absl import flags

from benchmarks.common import folders
from benchmarks.common import timing
from benchmarks.common.records import Record

RESULT = folders.RESULTS / "models_speed.jsonl"

if TYPE_CHECKING:
    import keras

_TORCH = flags.DEFINE_string(
    "torch_python", None, "A Python that has torch; left out if not given."
)
_ROUNDS = flags.DEFINE_integer("rounds", 2, "How often each case is run.")
_STEPS = flags.DEFINE_integer("steps", 5, "Timed steps of a case.")
_THREADS = flags.DEFINE_integer("threads", 1, "Threads of each library.")
_CASE = flags.DEFINE_string("case", None, "Run this case, in this process.")

# name of the network: (images of a batch, height and width)
SIZES = {"wrn_28_2": (32, 32), "efficientnet_b0": (4, 224)}
KERAS = {
    "wrn_28_2": ("keras_mpl", "keras_mpl, Keras' BatchNormalization"),
    "efficientnet_b0": (
        "keras_mpl",
        "keras_mpl, Keras' BatchNormalization",
        "keras.applications",
    ),
}
TORCH = ("torch", "torch, channels last")


def build(network: str, library: str) -> "keras.Model":
    """Makes a network of a library."""
    import keras

    from keras_mpl import models

    classes = 10 if network == "wrn_28_2" else 1000
    if library == "keras.applications":
        return keras.applications.EfficientNetB0(
            weights=None, classifier_activation=None
        )
    model = models.create(network, num_classes=classes)
    if library == "keras_mpl":
        return model
    with tempfile.TemporaryDirectory() as folder:  # the way out of our layers
        path = models.export(model, f"{folder}/plain.keras")
        return keras.models.load_model(path)


def run_keras(network: str, library: str) -> None:
    """Measures a case in this process, and prints it."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(_THREADS.value)
    tf.config.threading.set_inter_op_parallelism_threads(_THREADS.value)

    batch_size, size = SIZES[network]
    model = build(network, library)
    images = tf.random.normal((batch_size, size, size, 3))
    labels = tf.zeros(batch_size, tf.int32)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels, logits
            )
            loss = tf.reduce_mean(losses)
        weights = [weight.value for weight in model.trainable_weights]
        return tape.gradient(loss, weights)

    timing.measure(
        lambda: [gradient.numpy() for gradient in step()][:1],
        steps=_STEPS.value,
        batch_size=batch_size,
        network=network,
        library=library,
        parameters=sum(int(tf.size(w)) for w in model.trainable_weights),
        version=f"tensorflow {tf.__version__}",
    )


def command(network: str, library: str) -> list[str]:
    """Returns the command that measures a case."""
    if library.startswith("torch"):
        batch_size, size = SIZES[network]
        settings = {
            "network": network,
            "library": library,
            "batch_size": batch_size,
            "size": size,
            "steps": _STEPS.value,
            "threads": _THREADS.value,
        }
        module = "benchmarks.speed.torch_networks"
        return [_TORCH.value, "-m", module, json.dumps(settings)]
    return [
        sys.executable,
        "-m",
        __spec__.name,
        f"--case={network}/{library}",
        f"--steps={_STEPS.value}",
        f"--threads={_THREADS.value}",
    ]


def run_case(network: str, library: str) -> Record:
    """Measures a case in a process of its own."""
    done = subprocess.run(
        command(network, library),
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    return json.loads(done.stdout.splitlines()[-1])


def main(argv: list[str]) -> None:
    """Runs all cases, or the one asked for."""
    if _CASE.value:
        run_keras(*_CASE.value.split("/"))
        return
    torch = TORCH if _TORCH.value else ()
    cases = [(n, library) for n in SIZES for library in (*KERAS[n], *torch)]
    best: dict[tuple[str, str], Record] = {}
    for _ in range(_ROUNDS.value):
        for case in cases:
            found = run_case(*case)
            known = best.get(case, found)
            best[case] = min(
                known, found, key=lambda x: x["cpu_seconds_median"]
            )
            print(*case, found["cpu_seconds_median"], flush=True)
    facts = {
        "date": datetime.date.today().isoformat(),
        "commit": subprocess.run(
            ["git", "-C", str(folders.ROOT), "rev-parse", "HEAD"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.strip(),
        "device": f"CPU ({platform.machine()}), {os.cpu_count()} cores",
        "load": os.getloadavg()[0],
        "threads": _THREADS.value,
        "rounds": _ROUNDS.value,
    }
    rows = [json.dumps({**found, **facts}) + "\n" for found in best.values()]
    RESULT.write_text("".join(rows))
    for row in best.values():
        print(
            f"{row['network']:16} {row['library']:37} "
            f"{row['cpu_seconds_median']:8.3f} s of the processor "
            f"{row['seconds_median']:8.3f} s {row['peak_mebibytes']:6} MiB "
            f"(+{row['peak_less_start_mebibytes']})  {row['parameters']:,}"
        )


if __name__ == "__main__":
    app.run(main)
