"""`profile.md`: the one page that says what a step costs, and what to try."""

from collections.abc import Sequence
from typing import NamedTuple

from keras_mpl.runner.tools import trace

_TOO_LONG = 0.02  # share of the time that waiting for data may take
_MANY = 300  # operations of a step
_SHORT = 1e-4  # seconds of an operation, on average
_MOST = 0.6  # share of the operations' time


class Facts(NamedTuple):
    """What was measured of a recipe's training.

    Attributes:
        title: Of the recipe.
        summary: Of the recipe.
        network: Its name.
        precision: As in Keras' dtype policies.
        device: `CPU`, or the accelerators with their number.
        cores: Of the processor, for this process.
        is_onednn_on: As in `onednn.is_on`.
        labeled: Examples of a step.
        unlabeled: Examples of a step, each in two views.
        steps: Steps of a call.
        seconds: Of a step.
        first_seconds: Of the first step, tracing and compiling included.
        memory: Most of the process, in mebibytes; 0 if it is not known.
        data_wait_fraction: Share of waiting, at most; `None` if not measured.
        kinds: Operations of a call, or `None`.
    """

    title: str
    summary: str
    network: str
    precision: str
    device: str
    cores: int
    is_onednn_on: bool | None
    labeled: int
    unlabeled: int
    steps: int
    seconds: float
    first_seconds: float
    memory: float
    data_wait_fraction: float | None
    kinds: Sequence[trace.Kind] | None


def page(facts: Facts) -> str:
    """Returns the page, in Markdown.

    Args:
        facts: What was measured.
    """
    parts = [
        f"# A step of {facts.title}",
        f"{facts.summary}. `{facts.network}`, {facts.precision}, "
        f"{facts.labeled} labelled and {facts.unlabeled} unlabelled examples "
        f"in two views, on {facts.device} with {facts.cores} cores"
        f"{_onednn(facts)}.",
        _costs(facts),
        _kinds(facts),
        "## What to try",
        "\n".join(f"- {one}" for one in hints(facts)),
        "`tensorboard --logdir` of this folder shows the trace (it needs "
        "`tensorboard-plugin-profile`).",
    ]
    return "\n\n".join(parts) + "\n"


def _onednn(facts: Facts) -> str:
    if facts.is_onednn_on is None:
        return ""
    return f", oneDNN {'on' if facts.is_onednn_on else 'off'}"


def _costs(facts: Facts) -> str:
    images = facts.labeled + 2 * facts.unlabeled
    wait, memory = facts.data_wait_fraction, facts.memory
    rows = [
        ("seconds a step", f"{facts.seconds:.4g}"),
        ("images a second", f"{images / facts.seconds:.4g}"),
        ("first step, compiled, in seconds", f"{facts.first_seconds:.3g}"),
        (
            "waiting for data, at most",
            "not measured" if wait is None else f"{100 * wait:.1f} %",
        ),
        (
            "peak memory of the process, in MiB",
            f"{memory:,.0f}" if memory else "not known",
        ),
    ]
    if facts.kinds:
        rows.append(("operations a step", f"{operations(facts):,.0f}"))
    body = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"| measured | |\n|---|---:|\n{body}"


def operations(facts: Facts) -> float:
    """Returns the number of operations of a step."""
    return sum(kind.number for kind in facts.kinds or ()) / facts.steps


def _kinds(facts: Facts) -> str:
    if not facts.kinds:
        return (
            "The time by kind of operation is in the trace alone, since this "
            "was no CPU, or since this TensorFlow has no reader of traces."
        )
    total = sum(kind.seconds for kind in facts.kinds)
    rows = "\n".join(
        f"| {kind.name} | {1e3 * kind.seconds / facts.steps:.3g} | "
        f"{100 * kind.seconds / total:.1f} % | "
        f"{kind.number / facts.steps:,.0f} |"
        for kind in facts.kinds
    )
    return (
        "| operations of the processor | ms a step | share | number |\n"
        f"|---|---:|---:|---:|\n{rows}\n\n"
        "Milliseconds are those of all threads together, and those of the "
        "data pipeline are among them. Operations that call others are left "
        "out."
    )


def hints(facts: Facts) -> list[str]:
    """Says what is worth a try, the most urgent first.

    Args:
        facts: What was measured.
    """
    found = []
    wait = facts.data_wait_fraction
    if wait is not None and wait > _TOO_LONG:
        found.append(
            f"Steps wait for data {100 * wait:.0f} % of the time: give the "
            "process more cores, keep images in memory or in TFRecord files "
            "(`data.records`), make them smaller before training, or let a "
            "tf.data service make the batches (`data.Served`)."
        )
    if facts.is_onednn_on is False and facts.device == "CPU":
        found.append(
            "oneDNN is off: unset TF_ENABLE_ONEDNN_OPTS, and import keras_mpl "
            "before TensorFlow. A step takes about half the time then."
        )
    return [*found, *_by_kind(facts)] or [
        "Nothing stands out: the time is in what the algorithm computes."
    ]


def _by_kind(facts: Facts) -> list[str]:
    if not facts.kinds:
        return []
    found = []
    total = sum(kind.seconds for kind in facts.kinds)
    number = operations(facts)
    if number > _MANY and total / facts.steps / number < _SHORT:
        found.append(
            f"A step has {number:,.0f} operations of "
            f"{1e6 * total / facts.steps / number:.0f} microseconds on "
            "average, so their number decides: take a larger `batch_size`; in "
            "a script of your own, `steps_per_execution` and `jit_compile` of "
            "`compile` help, too."
        )
    of = {kind.name: kind.seconds / total for kind in facts.kinds}
    products = (trace.FORWARD, trace.BY_INPUTS, trace.BY_WEIGHTS)
    share = sum(of.get(name, 0.0) for name in products)
    if share > _MOST and facts.precision == "float32":
        found.append(
            f"Convolutions take {100 * share:.0f} % of the time: where the "
            "processor has bfloat16 (AVX512-BF16, AMX) or there is a GPU, "
            "`model.precision=mixed_bfloat16` is faster; a smaller "
            "`unlabeled_ratio` and `method.feedback=finite_difference` "
            "compute less."
        )
    between = of.get(trace.NORMALISATION, 0.0) + of.get(trace.ACTIVATION, 0.0)
    if between > share:
        found.append(
            f"Normalisation and activations take {100 * between:.0f} %, more "
            "than convolutions: a wider network with fewer layers uses the "
            "processor better."
        )
    return found
