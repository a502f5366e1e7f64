"""Meta Pseudo Labels as a Keras model: its settings, and what it logs.

The algorithm itself is in `algorithm.py`.
"""

from collections.abc import Mapping
from typing import Any
from typing import ClassVar
from typing import Unpack

import keras

from keras_mpl import deprecation
from keras_mpl import feedback as feedbacks
from keras_mpl import losses
from keras_mpl.feedback import FeedbackLike
from keras_mpl.feedback import NoFeedback
from keras_mpl.trainers.checks import networks as network_checks
from keras_mpl.trainers.checks import optimizers as optimizer_checks
from keras_mpl.trainers.checks import settings as check
from keras_mpl.trainers.engine.alignment import Alignment
from keras_mpl.trainers.engine.batching import Batching
from keras_mpl.trainers.engine.forward import WeakView
from keras_mpl.trainers.engine.method import Check
from keras_mpl.trainers.engine.method import SharedSettings
from keras_mpl.trainers.engine.paired_model import CompileArguments
from keras_mpl.trainers.mpl import objectives
from keras_mpl.trainers.mpl import older
from keras_mpl.trainers.mpl import student as students
from keras_mpl.trainers.mpl.algorithm import Algorithm
from keras_mpl.types import OptimizerLike
from keras_mpl.types import Schedulable


@keras.saving.register_keras_serializable(package="keras_mpl")
class MetaPseudoLabels(Algorithm):
    """A teacher labels for a student and learns from how that worked (Eq. 3).

    Each step: the teacher predicts a distribution `q` over the classes of
    unlabelled images; the student takes one optimizer step towards it; the
    student's labelled loss at its NEW weights is differentiated back, through
    that step, to every entry of `q`. That derivative is the teacher's
    feedback, beside its own labelled and consistency losses (`objective`):

        teacher_loss = teacher_labeled_weight * labeled_loss
                       + consistency_weight * consistency_loss
                       + feedback_weight * meta_loss

    The gradient of the meta loss under `feedback="soft"`,
    `feedback_scale="exact"` equals the true gradient of Eq. 3.

    Deviations from the released code: its meta term has gradient zero
    (google-research#534), ours has not; the most-used PyTorch port takes
    `after - before`, ours is `before - after` as in Eq. 12; the student's
    moving statistics follow its passes over what it learns from, not those
    that probe it; Keras' SGD folds the learning rate into its velocity.

    Args:
        teacher: Built Keras model, inputs to logits `(batch, num_classes)`.
        student: Another one of as many classes, of any architecture.
        feedback: `"soft"` (exact gradient), `"hard"` (per-example REINFORCE),
            `"hard_expected"` (sampled targets, credit to all classes),
            `"hard_batch"` (Eq. 12: one scalar per batch, with a baseline),
            `"finite_difference"` (the scalar as loss before less loss after;
            a warm momentum adds the effect of past steps to it), `"none"`, or
            a `keras_mpl.feedback.Feedback`, which then has the next four
            settings itself.
        feedback_scale: `"exact"` multiplies the credit with the step size and
            needs plain SGD; `"cosine"` divides by the norms of the two
            gradients instead (App. C.3) and takes any optimizer, where it
            means alignment of the raw gradients. `None` is the kind's default.
        feedback_centering: Whether each class' mean credit over the batch is
            taken away, so that feedback says which examples are of a class
            and not how many; keeps training from collapsing (docs/design.md).
            `None` does so under `"cosine"`; Eq. 3 itself is without.
        feedback_weight: Factor of the meta loss; a number or a Keras
            `LearningRateSchedule`. `None` is 1, Eq. 3's own unit, but under
            `"cosine"` what did best on validation: 0.3 beside an objective of
            labels alone, 0.1 there for `"hard"` and `"hard_expected"`, and
            0.01 for the scalar of `"hard_batch"`. A schedule that falls to 0
            is no worse (docs/evidence.md).
        cosine_floor: Smallest norm of the student's gradient that the cosine
            divides by; 0.05 if `None`.
        labeled_floor: Norm of the labelled gradient below which feedback under
            the cosine fades in proportion, as the student comes to fit the
            given labels. `None`: 1 where the student learns them too, else 0.
            A `Feedback` object may have its own.
        teacher_labeled_weight: Factor of the teacher's own labelled loss; at
            0 the teacher learns of the labels from its student alone.
            (`labeled_weight` is its deprecated name.)
        student_labeled_weight: Factor of the labelled loss that the student
            learns beside the pseudo labels; the paper's student has none (0).
            A short training needs it (docs/evidence.md).
        pseudo_label_weighting: What a pseudo label counts for the student:
            `"confidence"` for its highest probability, as a constant (nothing
            goes back through it), `"equal"` for 1, as in the paper. `None`:
            by confidence where the student learns the given labels too.
        student_statistics: Which passes the student's moving statistics
            (BatchNorm's) follow: `"all"`, or those over `"labeled"` inputs,
            which look as the inputs of a test do. `None`: the latter where
            the student learns the given labels, else the former.
        objective: What the teacher learns beside the feedback: `"uda"`,
            `"fixmatch"` (confident hard labels of the weak view), or labels
            alone: `"supervised"`, and `"randaugment"` where the data augment
            labelled inputs strongly. Then the weak view is not
            used.
        consistency_weight: Factor of the loss on unlabelled inputs. Its
            default and the next ones are those of `UDA`; the released command
            for CIFAR-10 has 8, a temperature of 0.7 and a threshold of 0.6 on
            the sharpened target, which spoil short trainings.
        consistency_ramp_steps: Steps over which that factor rises from 0.
        temperature: UDA's targets are `softmax(weak logits / temperature)`.
        pseudo_label_temperature: What the student is shown is, or is drawn
            from, `softmax(strong logits / pseudo_label_temperature)`, in
            every formula of the feedback too. The paper's is 1.
        confidence_threshold: Targets whose highest probability is lower are
            skipped.
        threshold_on: Whether UDA's confidence is of the `"raw"` prediction
            or, as in the released code, of the `"sharpened"` target.
        feedback_every_steps: Steps from one measurement of the feedback to
            the next. In between the meta loss is 0, and a step costs what it
            does without feedback. What that costs in accuracy:
            docs/speed.md. Logged scalars of the feedback count those
            steps as 0. 1 on several replicas.
        weak_view: `"joint"`: the teacher sees it in one batch with the
            labelled inputs and the strong view, as in the released code.
            `"apart"`: BatchNorm sees it as a batch of its own; since only
            targets come of it, it is not differentiated, and a step takes a
            fifth less time and memory (docs/speed.md).
        align_distribution: Whether the objective's predictions on the weak
            view are aligned to the labels first, as in `UDA`; what the
            student is shown stays as it is.
        microbatch_size: Unlabelled examples that a replica passes through a
            network at once; memory then does not grow with their number,
            and a step takes longer. `None`: all. The same step but for
            dropout's draws and for BatchNorm, which sees slices, and labelled
            inputs by themselves.
        labeled_weight: Deprecated, see `teacher_labeled_weight`.
        **settings: `label_smoothing` (teacher's labelled loss and student's
            pseudo-label loss), `ema_decay`, `weight_decay`, `clip_norm`,
            `seed`, `name`; see `Method`.

    Attributes:
        teacher: The network that labels.
        feedback: The `Feedback`; `NoFeedback` if its weight is 0.

    Raises:
        ValueError: If the networks or settings do not fit together.
    """

    own_settings: ClassVar[Mapping[str, Check]] = {
        "teacher_labeled_weight": check.constant,
        "student_labeled_weight": check.constant,
        "pseudo_label_weighting": check.choice(students.Weighting),
        "student_statistics": check.choice(students.Statistics),
        "objective": check.choice(objectives.Objective),
        "consistency_weight": check.constant,
        "consistency_ramp_steps": check.constant,
        "temperature": check.positive,
        "pseudo_label_temperature": check.positive,
        "confidence_threshold": check.probability,
        "threshold_on": check.choice(losses.Threshold),
        "feedback_every_steps": check.positive_integer,
        "weak_view": check.choice(WeakView),
        "align_distribution": check.flag,
        "microbatch_size": check.microbatch_size,
    }

    def __init__(
        self,
        teacher: keras.Model,
        student: keras.Model,
        *,
        feedback: FeedbackLike = "soft",
        feedback_scale: feedbacks.Scale | None = None,
        feedback_centering: bool | None = None,
        feedback_weight: Schedulable | None = None,
        cosine_floor: float | None = None,
        labeled_floor: float | None = None,
        teacher_labeled_weight: float = 1.0,
        student_labeled_weight: float = 1.0,
        pseudo_label_weighting: students.Weighting | None = None,
        student_statistics: students.Statistics | None = None,
        objective: objectives.Objective = "uda",
        consistency_weight: float = 1.0,
        consistency_ramp_steps: int = 0,
        temperature: float = 0.4,
        pseudo_label_temperature: float = 1.0,
        confidence_threshold: float = 0.8,
        threshold_on: losses.Threshold = "raw",
        feedback_every_steps: int = 1,
        weak_view: WeakView = "joint",
        align_distribution: bool = False,
        microbatch_size: int | None = None,
        labeled_weight: float | None = None,
        **settings: Unpack[SharedSettings],
    ):
        network_checks.separate(teacher, student)
        teacher_labeled_weight = deprecation.renamed(
            "labeled_weight",
            "teacher_labeled_weight",
            labeled_weight,
            teacher_labeled_weight,
        )
        check.constant("student_labeled_weight", student_labeled_weight)
        pseudo_label_weighting, student_statistics, default_floor = (
            students.settled(
                student_labeled_weight,
                weighting=pseudo_label_weighting,
                statistics=student_statistics,
            )
        )
        own = self.checked(locals())
        objectives.check_alignment(objective, align_distribution)
        kind = feedbacks.get(
            feedback,
            scale=feedback_scale,
            centering=feedback_centering,
            weight=feedback_weight,
            cosine_floor=cosine_floor,
        )
        if labeled_floor is None:
            labeled_floor = default_floor
        elif kind.labeled_floor is not None:
            raise ValueError(
                "`labeled_floor` must be given once, to the feedback object or "
                f"beside it. Received: labeled_floor={labeled_floor} and "
                f"{kind.labeled_floor} of the object"
            )
        check.constant("labeled_floor", labeled_floor)
        if microbatch_size is not None:
            network_checks.without_activity_regularizers("teacher", teacher)
            network_checks.without_activity_regularizers("student", student)
        super().__init__(student, **settings)
        self.teacher = teacher
        self.keep(own)
        self._batching = Batching(microbatch_size)
        self._consistency = objectives.consistency(
            objective,
            temperature=temperature,
            confidence_threshold=confidence_threshold,
            threshold_on=threshold_on,
        )
        is_off = not callable(kind.weight) and kind.weight == 0
        self.feedback = NoFeedback(weight=0.0) if is_off else kind
        self._alignment = None
        if align_distribution:
            self._alignment = Alignment(self.add_weight, teacher)
        if self.feedback.labeled_floor is None:  # an object may have its own
            self.feedback.labeled_floor = float(labeled_floor)
        self.feedback.build(
            self.add_weight,
            dtype=network_checks.loss_dtype(student),
            is_alone=self._consistency is None or not consistency_weight,
        )

    def compile(
        self,
        *,
        student_optimizer: OptimizerLike = "sgd",
        teacher_optimizer: OptimizerLike = "sgd",
        **arguments: Unpack[CompileArguments],
    ) -> None:
        """Configures training; see `Method.compile`.

        Raises:
            ValueError: If an optimizer can not serve, such as any but plain
                SGD for the student under `feedback_scale="exact"`.
        """
        name = "student_optimizer"
        found = optimizer_checks.optimizer(name, student_optimizer)
        if self.feedback.needs_plain_sgd:
            optimizer_checks.exact_optimizer(found)
            optimizer_checks.no_constraints(self.student)
        check.every_step_on_replicas(
            self.feedback_every_steps,
            self.distribute_strategy.num_replicas_in_sync,
        )
        if self.feedback.compares_losses:
            optimizer_checks.no_accumulation(name, found)
        super().compile(
            student_optimizer=student_optimizer,
            teacher_optimizer=teacher_optimizer,
            **arguments,
        )

    @property
    def networks(self) -> dict[str, keras.Model]:
        """The student and the teacher."""
        return {"student": self.student, "teacher": self.teacher}

    @property
    def logged(self) -> tuple[str, ...]:
        """Names of the scalars logged; those of feedback where there is one."""
        of_labels = ("student_labeled_loss",)
        of_weights = ("pseudo_label_weight",)
        names = (
            "student_loss",
            *(of_labels if self.student_labeled_weight else ()),
            *(of_weights if self.pseudo_label_weighting != "equal" else ()),
            "labeled_loss",
            "consistency_loss",
            "meta_loss",
            "teacher_loss",
            *self.feedback.logged,
            "student_gradient_norm",
            "teacher_gradient_norm",
            "mask_ratio",
            "pseudo_label_entropy",
            "teacher_accuracy",
            "student_learning_rate",
            "teacher_learning_rate",
        )
        of_views = ("consistency_loss", "mask_ratio")
        absent = () if self._consistency else of_views
        return tuple(name for name in names if name not in absent)

    @property
    def feedback_scale(self) -> feedbacks.Scale:
        """The feedback's `scale`."""
        return self.feedback.scale

    @property
    def feedback_centering(self) -> bool:
        """The feedback's `centering`."""
        return self.feedback.centering

    @property
    def feedback_weight(self) -> Schedulable | None:
        """The feedback's `weight`."""
        return self.feedback.weight

    @property
    def cosine_floor(self) -> float:
        """The feedback's `cosine_floor`."""
        return self.feedback.cosine_floor

    @property
    def labeled_floor(self) -> float | None:
        """The feedback's `labeled_floor`."""
        return self.feedback.labeled_floor

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments, networks serialised."""
        feedback = keras.saving.serialize_keras_object(self.feedback)
        return {**super().get_config(), "feedback": feedback}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "MetaPseudoLabels":
        """Makes a model of a config, also of one that was written before."""
        return super().from_config(older.completed(config))
