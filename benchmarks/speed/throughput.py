"""Times whole steps beside a plain PyTorch step, against the machine's peak.

    python -m benchmarks.speed.throughput --torch_python=TORCH_VENV/bin/python
    python -m benchmarks.speed.throughput --ratios=1,3,7,11,15 --rounds=3
    python -m benchmarks.speed.throughput --set=NAME=VALUE --beside_default

Each configuration is a process of its own, which gives its peak memory. All
processes of one network, precision, batch and ratio are alive at once and take
turns at a few steps, there and back, with a process that times the network's
convolutions by themselves: whatever else the machine does falls on all of them
alike, and seconds are compared turn by turn. It appends a JSON line per
configuration to `benchmarks/results/throughput.jsonl`, which `render.py` reads.
PyTorch is needed for its own step alone, and may belong to another Python.
"""

import dataclasses
import datetime
import importlib.util
import itertools
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from absl import app
from absl import flags

from benchmarks.common import turns
from benchmarks.common.records import Record
from benchmarks.common.records import append
from benchmarks.common.seed_flags import SET
from benchmarks.speed import convolutions
from keras_mpl import recipes
from keras_mpl.recipes import work
from keras_mpl.recipes.work import Passes

NAME = "throughput"
LAYOUTS = ("channels first", "channels last")
_SIZES = {"wrn_10_1": 8}  # height and width of the images; of others 32

_METHODS = flags.DEFINE_list("methods", ["mpl"], "As recipes name them.")
_MODELS = flags.DEFINE_list("models", ["wrn_28_2"], "Of teacher and student.")
_FEEDBACKS = flags.DEFINE_list(
    "feedbacks", ["none", "finite_difference", "soft"], "Of method mpl."
)
_PRECISIONS = flags.DEFINE_list(
    "precisions", ["float32"], "float32, mixed_bfloat16 or both."
)
_BATCHES = flags.DEFINE_list("batches", ["16"], "Labelled images of a step.")
_RATIOS = flags.DEFINE_list("ratios", ["7"], "Unlabelled per labelled image.")
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Turns of each configuration.")
_STEPS = flags.DEFINE_integer("steps", 2, "Steps of a turn.")
_THREADS = flags.DEFINE_integer("threads", 0, "Of each library; 0: its own.")
_JIT = flags.DEFINE_bool("jit_compile", False, "Whether XLA compiles ours.")
_TORCH = flags.DEFINE_string(
    "torch_python", None, "A Python that has torch; this one by default."
)
_BESIDE = flags.DEFINE_bool(
    "beside_default", False, "Each configuration without `--set`, too."
)


@dataclasses.dataclass(frozen=True)
class Case:
    """What one process does.

    Attributes:
        library: `keras_mpl` or `torch`, or `peak` for convolutions alone.
        model: Name of the network.
        precision: As in Keras' dtype policies.
        batch_size: Labelled images of a step.
        ratio: Unlabelled images per labelled one.
        method: As recipes name it.
        feedback: Of method `mpl`.
        layout: Of PyTorch's images.
        settings: Items `NAME=VALUE` for the constructor of our trainer.
        size: Height and width of the images.
        threads: Of the library; 0 for its own choice.
        jit_compile: Whether XLA compiles our step.
    """

    library: str
    model: str
    precision: str
    batch_size: int
    ratio: int
    method: str = "mpl"
    feedback: str = ""
    layout: str = ""
    settings: tuple[str, ...] = ()
    size: int = 32
    threads: int = 0
    jit_compile: bool = False

    @property
    def title(self) -> str:
        """Tells it from the others of its group."""
        parts = [self.library, self.method, self.feedback, self.layout]
        return " ".join([*filter(None, parts), *self.settings])

    def passes(self) -> tuple[Passes, Passes]:
        """What the student's and the teacher's network do in a step."""
        labeled = self.batch_size
        unlabeled = labeled * self.ratio
        if self.library == "torch":
            joined, both = labeled + unlabeled, labeled + 2 * unlabeled
            return Passes(joined + labeled, joined), Passes(both, both)
        overrides = [
            f"method={self.method}",
            f"batch_size={self.batch_size}",
            f"unlabeled_ratio={self.ratio}",
        ]
        if self.method == "mpl":
            overrides.append(f"method.feedback={self.feedback}")
            overrides.append("method.feedback_centering=none")
        overrides += (f"method.{item}" for item in self.settings)
        made = recipes.override(recipes.find("digits_20"), overrides)
        return work.step_passes(made)


def groups() -> Iterator[list[Case]]:
    """Yields the configurations that are alive at the same time."""
    for model, precision, batch_size, ratio in itertools.product(
        _MODELS.value, _PRECISIONS.value, _BATCHES.value, _RATIOS.value
    ):
        shared = {
            "model": model,
            "precision": precision,
            "batch_size": int(batch_size),
            "ratio": int(ratio),
            "size": _SIZES.get(model, 32),
            "threads": _THREADS.value,
        }
        yield [*_ours(shared), *_of_torch(shared)]


def _ours(shared: Mapping[str, Any]) -> Iterator[Case]:
    settings = [tuple(SET.value)]
    if _BESIDE.value and SET.value:
        settings.append(())
    for method in _METHODS.value:
        kinds = _FEEDBACKS.value if method == "mpl" else [""]
        for kind, items in itertools.product(kinds, settings):
            yield Case(
                "keras_mpl",
                **shared,
                method=method,
                feedback=kind,
                settings=items,
                jit_compile=_JIT.value,
            )


def _of_torch(shared: Mapping[str, Any]) -> Iterator[Case]:
    if torch_python() and shared["model"].startswith("wrn_"):
        for layout in LAYOUTS:
            yield Case("torch", **shared, layout=layout)


def torch_python() -> str | None:
    """Returns the Python that PyTorch's step runs in, if there is one.

    Raises:
        SystemExit: If one is given that has no torch.
    """
    if _TORCH.value is None:
        has_torch = importlib.util.find_spec("torch") is not None
        return sys.executable if has_torch else None
    has = subprocess.run([_TORCH.value, "-c", "import torch"], check=False)
    if has.returncode:
        raise SystemExit(
            "`--torch_python` must be a Python that can import torch. "
            f"Received: {_TORCH.value}"
        )
    return _TORCH.value


def command(case: Case) -> list[str]:
    """Returns the command that is a configuration's worker."""
    module = {"keras_mpl": "our_step", "torch": "torch_step", "peak": "peak"}
    python = torch_python() if case.library == "torch" else sys.executable
    given = json.dumps(dataclasses.asdict(case))
    name = f"benchmarks.speed.{module[case.library]}"
    return [str(python), "-m", name, given]


def measure(cases: Sequence[Case]) -> list[Record]:
    """Measures a group of configurations in turns.

    Args:
        cases: Those of a group.

    Returns:
        A record of each.
    """
    first = cases[0]
    alone = dataclasses.replace(first, library="peak", settings=())
    workers: dict[str, turns.Worker] = {}
    try:
        for case in (*cases, alone):  # one after the other: the first step
            workers[case.title] = turns.Worker(command(case))  # is timed
            print(f"  {case.title}: ready", flush=True)
        answers = turns.in_turns(
            workers, rounds=_ROUNDS.value, steps=_STEPS.value
        )
    finally:
        for worker in workers.values():
            worker.close()
    found = answers.pop(alone.title)[-1]
    run = datetime.datetime.now(datetime.UTC).isoformat("T", "seconds")
    return [
        {
            "run": run,
            **record(
                case, workers[case.title].ready, answers[case.title], found
            ),
        }
        for case in cases
    ]


def record(
    case: Case,
    ready: Mapping[str, Any],
    answers: Sequence[Mapping[str, Any]],
    peak: Mapping[str, Any],
) -> Record:
    """Makes the record of a configuration.

    Args:
        case: The configuration.
        ready: Its worker's first answer.
        answers: The others, by round.
        peak: The last answer of the convolutions alone.
    """
    seconds = [statistics.median(one["seconds"]) for one in answers]
    cpu = [statistics.median(one["cpu_seconds"]) for one in answers]
    network = [convolutions.Layer(*layer) for layer in peak["layers"]]
    rates = {
        (convolutions.Layer(*layer), direction): rate
        for layer, direction, rate in peak["rates"]
    }
    median, passes = statistics.median(seconds), case.passes()
    shown = case.batch_size * (1 + 2 * case.ratio)
    return {
        **dataclasses.asdict(case),
        "title": case.title,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "seconds_median": median,
        "images_per_second": round(shown / median, 2),
        "first_step_seconds": ready["first_step_seconds"],
        **{
            name: max(one[name] for one in answers)
            for name in ("peak_mebibytes", "peak_less_start_mebibytes")
        },
        "flops": convolutions.needed(network, passes),
        "traced_flops": ready.get("traced_flops"),
        "operations": ready.get("operations"),
        "convolution_peak": max(rates.values()),
        "matmul_peak": peak["matmul"],
        "convolutions_alone_seconds": round(
            convolutions.seconds_alone(network, passes, rates), 4
        ),
        "rates": peak["rates"],
        "torch": ready.get("torch"),
        **peak["environment"],
        **turns.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
    }


def share_of_peak(row: Record) -> float:
    """Returns the part of the convolutions' measured peak that a step reaches.

    The operations are those of the algorithm, or those of its traced graph
    where these are fewer, so that nothing is counted that is not computed and
    nothing that is computed in vain.

    Args:
        row: A record.
    """
    needed = sum(row["flops"].values())
    if row["traced_flops"]:
        needed = min(needed, sum(row["traced_flops"].values()))
    return needed / row["seconds_median"] / row["convolution_peak"]


def main(argv: list[str]) -> None:
    """Measures all groups, one after the other, and records them."""
    del argv
    if torch_python() is None:
        print(
            "torch is not installed here, so its step is left out: give a "
            "Python that has it by --torch_python"
        )
    for cases in groups():
        first = cases[0]
        print(
            f"{first.model}, {first.precision}, {first.batch_size} labelled "
            f"images, ratio {first.ratio}",
            flush=True,
        )
        rows = measure(cases)
        append(NAME, rows)
        for row in rows:
            print(
                f"  {row['title']:44} {row['seconds_median']:8.3f} s "
                f"{row['images_per_second']:8.1f} images/s "
                f"{row['peak_mebibytes']:6} MiB "
                f"first {row['first_step_seconds']:5.1f} s "
                f"{100 * share_of_peak(row):5.1f} % of the peak",
                flush=True,
            )


if __name__ == "__main__":
    app.run(main)
