"""Where a run computes: one device, several, several machines, or a TPU.

Thin: TensorFlow's strategies and cluster resolvers do the work.
"""

import functools
import os
from collections.abc import Callable
from typing import Any

import tensorflow as tf

_MOST_PARTS = 64  # of a CPU; more are a mistake
NAMES = ("none", "mirrored", "mirrored:N", "multiworker", "tpu")


def make_strategy(name: str = "none") -> tf.distribute.Strategy:
    """Returns a strategy by name; call it before anything else of TensorFlow.

    Args:
        name: `none`: one device. `mirrored`: every GPU of this machine;
            `mirrored:N`: N of them, or N parts of the CPU where there is no
            GPU, to try things out. `multiworker`: every GPU of every worker
            that `TF_CONFIG` names, or that Slurm started. `tpu`: the TPU that
            `TPU_NAME` names, or this machine's own.

    Returns:
        What models are to be built under: `with strategy.scope():`.

    Raises:
        ValueError: If there is no such strategy, or too few devices, or
            nothing that says who the workers are.
    """
    kind, _, number = name.partition(":")
    if name == "mirrored" or (kind == "mirrored" and number.isdecimal()):
        return _mirrored(int(number) if number else None)
    makers = {"none": tf.distribute.get_strategy, "tpu": _tpu}
    makers["multiworker"] = _multiworker
    if name not in makers:
        raise ValueError(
            f"`strategy` must be one of: {', '.join(NAMES)}. "
            f"Received: strategy={name!r}"
        )
    return makers[name]()


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one of its workers that writes files."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return True
    is_first = resolver.task_type == "worker" and resolver.task_id == 0
    has_chief = "chief" in resolver.cluster_spec().jobs
    return resolver.task_type == "chief" or (is_first and not has_chief)


def agreement(strategy: tf.distribute.Strategy) -> Callable[[bool], bool]:
    """Makes a function that tells every worker whether any of them votes yes.

    Args:
        strategy: Where the workers compute.

    Returns:
        A function from this worker's vote to whether one of them voted yes.
        Several workers wait for each other in it, so all of them must call it
        equally often.
    """
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return bool

    @tf.function
    def votes(said: Any) -> Any:
        def add() -> Any:
            own = tf.identity(said)  # on this replica's device
            context = tf.distribute.get_replica_context()
            return context.all_reduce(tf.distribute.ReduceOp.SUM, own)

        return strategy.experimental_local_results(strategy.run(add))[0]

    return lambda said: bool(votes(tf.constant(float(said))) > 0)


def _mirrored(number: int | None) -> tf.distribute.Strategy:
    found = tf.config.list_physical_devices("GPU")
    if not found:
        return _parts_of_the_cpu(1 if number is None else number)
    if number is not None and not 1 <= number <= len(found):
        raise ValueError(
            f"`strategy` must name from 1 to {len(found)} replicas here, one "
            f"per GPU. Received: strategy='mirrored:{number}'"
        )
    return _over(tuple(f"GPU:{i}" for i in range(number or len(found))))


@functools.cache
def _over(devices: tuple[str, ...]) -> tf.distribute.Strategy:
    """The one strategy of a process over these devices.

    A second one would count its collective operations from the beginning, and
    TensorFlow aborts where the one of a number had another type or shape.
    """
    return tf.distribute.MirroredStrategy(list(devices))


def _parts_of_the_cpu(number: int) -> tf.distribute.Strategy:
    if not 1 <= number <= _MOST_PARTS:
        raise ValueError(
            f"`strategy` must name from 1 to {_MOST_PARTS} replicas here, one "
            f"per part of the CPU. Received: strategy='mirrored:{number}'"
        )
    cpu = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * number
    if tf.config.get_logical_device_configuration(cpu) != parts:
        try:
            tf.config.set_logical_device_configuration(cpu, parts)
        except RuntimeError as error:
            raise ValueError(
                "`strategy` must be made before TensorFlow computes anything. "
                f"Received: strategy='mirrored:{number}', too late"
            ) from error
    return _over(tuple(f"CPU:{i}" for i in range(number)))


def _multiworker() -> tf.distribute.Strategy:
    resolver: Any
    if os.environ.get("TF_CONFIG"):
        resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    elif os.environ.get("SLURM_PROCID"):
        resolver = tf.distribute.cluster_resolver.SlurmClusterResolver()
    else:
        raise ValueError(
            "strategy='multiworker' must find TF_CONFIG in the environment, "
            "or be started by Slurm's srun. Received: neither"
        )
    return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)


def _tpu() -> tf.distribute.Strategy:
    name = os.environ.get("TPU_NAME", "local")
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(name)
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (ValueError, RuntimeError, tf.errors.OpError) as error:
        line = " ".join(str(error).split())
        raise ValueError(
            f"strategy='tpu' must find a TPU. Received: TPU_NAME={name!r}: "
            f"{line}"
        ) from error
    return tf.distribute.TPUStrategy(resolver)
