"""What every training method shares: settings and the parts of a step.

A method is one subclass of `Method` that puts the parts in order in its
`train_step`. Must not know any method.
"""

import random
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import ClassVar
from typing import Self
from typing import TypeAlias
from typing import TypedDict

import keras
import tensorflow as tf

from keras_mpl import ema
from keras_mpl import replicas
from keras_mpl import seeds
from keras_mpl.replicas import Logs
from keras_mpl.trainers.checks import networks as network_checks
from keras_mpl.trainers.checks import settings as setting_checks
from keras_mpl.trainers.engine import class_weighing
from keras_mpl.trainers.engine import guard
from keras_mpl.trainers.engine.labeled import LabeledModel
from keras_mpl.trainers.engine.learner import Learner
from keras_mpl.trainers.engine.paired_model import deserialized
from keras_mpl.types import ClassWeights
from keras_mpl.types import Tensor

# Raises a ValueError if a setting of that name can not have that value.
Check: TypeAlias = Callable[[str, Any], None]


class SettingsButDecay(TypedDict, total=False):
    """The arguments of `Method` where a method has its own `ema_decay`."""

    label_smoothing: float
    weight_decay: float
    clip_norm: float | None
    ramp_statistics: bool
    class_weights: ClassWeights | None
    seed: int | None
    name: str | None


class SharedSettings(SettingsButDecay, total=False):
    """The arguments that every method has; see `Method`."""

    ema_decay: float


class Method(LabeledModel):
    """A way to train a student on batches of labelled and unlabelled data.

    A subclass names what it logs in `logged`, its networks in `networks`, the
    arguments that it adds in `own_settings`, and writes `train_step`. One that
    trains the student alone is a `StudentMethod`, which has the step. The
    arguments in `own_settings` are attributes of the same name, and part of
    `get_config`; where `own_settings` has checks, `keep` runs them.

    Args:
        student: Built Keras model from inputs to logits of shape
            `(batch, num_classes)`; trained in place.
        label_smoothing: Fraction of the uniform distribution in the targets.
        ema_decay: Decay per step of the student's average, ramped; 0 for none.
        weight_decay: L2 coefficient: `weight_decay * w` is added to the
            gradient of every weight but the scale and offset of normalisation
            layers, as in the released code.
        clip_norm: Largest global norm of a gradient, L2 included; `None` for
            no clipping.
        ramp_statistics: Whether BatchNorm's moving statistics follow faster
            at first, so that they do not lag behind the weights in the first
            thousand steps (`engine/statistics.py`); False for networks that
            are trained already.
        class_weights: What a labelled example counts by its class, in every
            loss on given labels: a number per class, `{class: number}` where
            the others have 1, or `"balanced"`, in inverse proportion to the
            number of examples of the class. `fit` scales them so that their
            mean over the labelled set is 1. With data that are not in memory
            it cannot count the labels: numbers stay as they are, and
            `"balanced"` is refused.
        seed: Integer from which every draw follows; `None` takes one from
            Python's generator, which `keras.utils.set_random_seed` sets.
        name: Name of the model.

    Attributes:
        student: The network that learns.
        ema_student: The student's average, which `predict` and `evaluate`
            use; the student itself if `ema_decay` is 0.
        step: Training steps done, an integer variable of shape `()`.

    Raises:
        ValueError: If a network or a setting can not be used.
    """

    own_settings: ClassVar[Mapping[str, Check] | tuple[str, ...]] = ()

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Sees to it that a step that is not finite changes nothing."""
        super().__init_subclass__(**arguments)
        if "train_step" in vars(cls):
            cls.train_step = guard.on_trial(vars(cls)["train_step"])

    def __init__(
        self,
        student: keras.Model,
        *,
        label_smoothing: float = 0.0,
        ema_decay: float = 0.995,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        ramp_statistics: bool = True,
        class_weights: ClassWeights | None = None,
        seed: int | None = None,
        name: str | None = None,
    ):
        num_classes = network_checks.num_classes("student", student)
        setting_checks.fraction("label_smoothing", label_smoothing)
        setting_checks.fraction("ema_decay", ema_decay)
        setting_checks.constant("weight_decay", weight_decay)
        setting_checks.clip_norm(clip_norm)
        setting_checks.one_of("ramp_statistics", ramp_statistics, (True, False))
        setting_checks.seed(seed)
        class_weights = class_weighing.setting(class_weights, num_classes)
        super().__init__(name=name, autocast=False)
        self.student = student
        self.num_classes = num_classes
        self.label_smoothing = label_smoothing
        self.ema_decay = ema_decay
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.ramp_statistics = ramp_statistics
        self.class_weights = class_weights
        self.seed = random.getrandbits(31) if seed is None else int(seed)
        self.ema_student = ema.clone(student) if ema_decay else student
        self.step = self._counter("step")
        self._make_class_weights()
        self.built = True

    def _counter(self, name: str) -> keras.Variable:
        return self.add_weight(
            name=name,
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )

    @classmethod
    def checked(cls, given: Mapping[str, object]) -> dict[str, object]:
        """Checks the arguments that a method adds, before any long work.

        Args:
            given: Value by name, of `own_settings` at least.

        Returns:
            Those of `own_settings`.

        Raises:
            ValueError: If one of them can not be used.
        """
        if isinstance(cls.own_settings, Mapping):
            for name, check in cls.own_settings.items():
                check(name, given[name])
        return {name: given[name] for name in cls.own_settings}

    def keep(self, checked: Mapping[str, object]) -> None:
        """Makes attributes of the arguments that `checked` returned."""
        for name, value in checked.items():
            setattr(self, name, value)

    # The parts of a train step.

    def key(self, site: seeds.Site) -> Tensor:
        """This step's and replica's key at a site, int32, shape `(2,)`."""
        base = seeds.key(self.seed)
        return seeds.fold_in(base, self.step.value, replicas.index(), site)

    @property
    def statistics_step(self) -> Tensor | None:
        """The step by which moving statistics are ramped, for `forward`."""
        return self.step.value if self.ramp_statistics else None

    def learner(self, name: str) -> Learner:
        """A network with its optimizer, and this model's L2 and clip.

        Args:
            name: `"student"` or `"teacher"`.
        """
        return Learner(
            self.trained_networks[name],
            getattr(self, f"{name}_optimizer"),
            self.weight_decay,
            self.clip_norm,
            name,
            steps=self.statistics_step,
        )

    def update_ema(self, moved: Tensor | None = None) -> None:
        """Moves the student's average towards the student, after this step.

        It waits for the end of a step, and moves if the step counts.

        Args:
            moved: Whether the student moved in this step, as
                `Learner.step` says; its average stays where it did not. `None`
                if it did.
        """
        if not self.ema_decay:
            return
        every = self.learner("student").accumulation_steps
        decay = ema.ramped_decay(self.ema_decay, self.step.value // every)

        def follow(good: Tensor) -> None:
            moves = good if moved is None else good & moved
            kept = tf.where(moves, decay, tf.ones_like(decay))
            ema.update(self.ema_student, self.student, kept)

        guard.after_verdict(follow)

    def log(self, *logs: Logs) -> dict[str, Tensor]:
        """Records a step's scalars; an epoch's log is their mean.

        Args:
            *logs: What to record; a name in `logged` is in one of them.

        Returns:
            The means so far this epoch, for Keras.
        """
        parts: dict[str, Tensor] = {}
        scalars: dict[str, Tensor] = {}
        for log in logs:
            parts |= log.summed
            scalars |= log.shared
        scalars |= replicas.add_scalars(parts)
        self._watch(scalars)
        for name in self.logged:
            self._trackers[name].update_state(scalars[name])
        return self.training_logs(guard.is_good())

    def _watch(self, scalars: dict[str, Tensor]) -> None:
        """Losses must be finite; norms too, where no gradient is scaled."""
        learners = [self.learner(name) for name in self.trained_networks]
        scales = any(learner.scales_gradients for learner in learners)
        ends = ("loss",) if scales else ("loss", "gradient_norm")
        guard.watch(
            {
                f"`{name}`": scalars[name]
                for name in self.logged
                if name.endswith(ends)
            }
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments, networks serialised."""
        networks = {
            name: keras.saving.serialize_keras_object(network)
            for name, network in self.networks.items()
        }
        own = {name: getattr(self, name) for name in self.own_settings}
        return {
            **networks,
            **own,
            "label_smoothing": self.label_smoothing,
            "ema_decay": self.ema_decay,
            "weight_decay": self.weight_decay,
            "clip_norm": self.clip_norm,
            "ramp_statistics": self.ramp_statistics,
            "class_weights": self.class_weights,
            "seed": self.seed,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, object]) -> Self:
        """Makes a model, networks included, of what `get_config` gave.

        A setting that version 0.1.0 did not have is as it was there.
        """
        config = {"ramp_statistics": False, **config}
        return cls(**{k: deserialized(v) for k, v in config.items()})

    def build_from_config(self, config: dict[str, object]) -> None:
        """Nothing to do: the networks come built."""
