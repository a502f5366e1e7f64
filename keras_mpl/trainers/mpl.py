"""Meta Pseudo Labels (Pham et al., arXiv:2003.10580v4), Algorithm 1.

`train_step` is the algorithm; the parts it orders are in `passes` (networks),
`feedback` (kinds) and `losses` (math).
"""

from typing import Any

import keras
import tensorflow as tf

from keras_mpl import losses
from keras_mpl.batch import Batch
from keras_mpl.seeds import Site
from keras_mpl.trainers import checks
from keras_mpl.trainers import feedback as feedbacks
from keras_mpl.trainers import lessons
from keras_mpl.trainers import microbatches
from keras_mpl.trainers import passes
from keras_mpl.trainers import setting_checks
from keras_mpl.trainers import teacher_losses
from keras_mpl.trainers.base import Method
from keras_mpl.trainers.feedback import Lesson
from keras_mpl.trainers.objectives import OBJECTIVES

Tensor = Any


@keras.saving.register_keras_serializable(package="keras_mpl")
class MetaPseudoLabels(Method):
    """A teacher labels for a student and learns from how that worked (Eq. 3).

    Each step: the teacher predicts a distribution `q` over the classes of
    unlabelled images; the student takes one optimizer step towards it; the
    student's labelled loss at its NEW weights is differentiated back, through
    that step, to every entry of `q`. That derivative is the teacher's
    feedback, beside its own labelled and consistency losses (`objective`):

        teacher_loss = labeled_weight * labeled_loss
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
            a warm momentum adds the effect of past steps to it) or `"none"`.
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
        labeled_weight: Factor of the teacher's own labelled loss; at 0 the
            teacher hears of the labels from its student alone.
        student_labeled_weight: Factor of the labelled loss that the student
            learns beside the pseudo labels; the paper's student has none. A
            short training gains by it (benchmarks/README.md).
        objective: What the teacher learns beside the feedback: `"uda"`,
            `"fixmatch"` (confident hard labels of the weak view), or labels
            alone: `"supervised"`, and `"randaugment"` where the data augment
            labelled inputs strongly. Then the weak view is not looked at.
        consistency_weight: Factor of the loss on unlabelled inputs.
        consistency_ramp_steps: Steps over which that factor rises from 0.
        temperature: UDA's targets are `softmax(weak logits / temperature)`.
        pseudo_label_temperature: What the student is shown is, or is drawn
            from, `softmax(strong logits / pseudo_label_temperature)`, in
            every formula of the feedback too. The paper's is 1.
        confidence_threshold: Targets whose highest probability is lower are
            skipped; UDA's after sharpening.
        cosine_floor: Smallest norm of the student's gradient that the cosine
            divides by.
        microbatch_size: Unlabelled examples that a replica looks at at once;
            memory then does not grow with their number, and a step takes
            longer. `None`: all. The same step but for dropout's draws and for
            BatchNorm, which sees slices, and labelled inputs by themselves.
        **settings: `label_smoothing` (teacher's labelled loss and student's
            pseudo-label loss), `ema_decay`, `weight_decay`, `clip_norm`,
            `seed`, `name`; see `Method`.

    Attributes:
        teacher: The network that labels.
        feedback_baseline: Moving average of scalar feedback, shape `()`.

    Raises:
        ValueError: If the networks or settings do not fit together.
    """

    def __init__(
        self,
        teacher: keras.Model,
        student: keras.Model,
        *,
        feedback: str = "soft",
        feedback_scale: str | None = None,
        feedback_centering: bool | None = None,
        feedback_weight: Any = None,
        labeled_weight: float = 1.0,
        student_labeled_weight: float = 0.0,
        objective: str = "uda",
        consistency_weight: float = 8.0,
        consistency_ramp_steps: int = 0,
        temperature: float = 0.7,
        pseudo_label_temperature: float = 1.0,
        confidence_threshold: float = 0.6,
        cosine_floor: float = 0.05,
        microbatch_size: int | None = None,
        **settings: Any,
    ):
        checks.separate(teacher, student)
        if feedback_weight is not None:
            setting_checks.not_negative("feedback_weight", feedback_weight)
        for name, factor in (
            ("labeled_weight", labeled_weight),
            ("student_labeled_weight", student_labeled_weight),
            ("consistency_weight", consistency_weight),
        ):
            setting_checks.number(name, factor)
            setting_checks.not_negative(name, factor)
        setting_checks.one_of("objective", objective, tuple(OBJECTIVES))
        setting_checks.not_negative(
            "consistency_ramp_steps", consistency_ramp_steps
        )
        setting_checks.probability("confidence_threshold", confidence_threshold)
        setting_checks.not_negative("cosine_floor", cosine_floor)
        setting_checks.positive("temperature", temperature)
        setting_checks.positive(
            "pseudo_label_temperature", pseudo_label_temperature
        )
        setting_checks.microbatch_size(microbatch_size)
        scale = feedbacks.resolved_scale(feedback, feedback_scale)
        setting_checks.one_of(
            "feedback_centering", feedback_centering, (None, True, False)
        )
        kind = feedbacks.KINDS[feedback]
        centering = feedbacks.resolved_centering(
            kind, scale, feedback_centering
        )
        is_alone = OBJECTIVES[objective] is None or not consistency_weight
        weight = feedbacks.resolved_weight(
            kind, scale, is_alone, feedback_weight
        )
        super().__init__(student, **settings)
        self.teacher = teacher
        self.feedback = feedback
        self.feedback_scale = scale
        self.feedback_centering = centering
        self.feedback_weight = weight
        self.labeled_weight = labeled_weight
        self.student_labeled_weight = student_labeled_weight
        self.objective = objective
        self.consistency_weight = consistency_weight
        self.consistency_ramp_steps = consistency_ramp_steps
        self.temperature = temperature
        self.pseudo_label_temperature = pseudo_label_temperature
        self.confidence_threshold = confidence_threshold
        self.cosine_floor = cosine_floor
        self.microbatch_size = microbatch_size
        off = not callable(weight) and weight == 0
        self.kind = feedbacks.KINDS["none"] if off else kind
        self.feedback_baseline = self.add_weight(
            name="feedback_baseline",
            shape=(),
            dtype=passes.wide_dtype(student),
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )
        self.feedback_count = self._counter("feedback_count")

    @property
    def networks(self) -> dict[str, keras.Model]:
        """The student and the teacher."""
        return {"student": self.student, "teacher": self.teacher}

    @property
    def logged(self) -> tuple[str, ...]:
        """Names of the scalars logged; those of feedback where there is one."""
        of_feedback = {
            "none": (),
            "credit": ("feedback", "labeled_gradient_norm"),
            "scalar": ("feedback", "labeled_gradient_norm"),
            "difference": ("feedback",),
        }[self.kind.signal]
        without = OBJECTIVES[self.objective] is None
        of_labels = ("student_labeled_loss",)
        names = (
            "student_loss",
            *(of_labels if self.student_labeled_weight else ()),
            "labeled_loss",
            "consistency_loss",
            "meta_loss",
            "teacher_loss",
            *of_feedback,
            "student_gradient_norm",
            "teacher_gradient_norm",
            "mask_ratio",
            "pseudo_label_entropy",
            "teacher_accuracy",
            "student_learning_rate",
            "teacher_learning_rate",
        )
        absent = ("consistency_loss", "mask_ratio") if without else ()
        return tuple(name for name in names if name not in absent)

    def compile(
        self,
        *,
        student_optimizer: Any = "sgd",
        teacher_optimizer: Any = "sgd",
        **arguments: Any,
    ) -> None:
        """Configures training; see `Method.compile`.

        Raises:
            ValueError: If an optimizer can not serve, such as any but plain
                SGD for the student under `feedback_scale="exact"`.
        """
        if self.feedback_scale == "exact" and self.kind.signal in (
            "credit",
            "scalar",
        ):
            checks.exact_optimizer(
                checks.optimizer("student_optimizer", student_optimizer)
            )
        super().compile(
            student_optimizer=student_optimizer,
            teacher_optimizer=teacher_optimizer,
            **arguments,
        )

    def train_step(self, data: Any) -> dict[str, Tensor]:
        """Algorithm 1: the student learns, and the teacher hears how it went.

        Args:
            data: A `Batch`, or `((inputs, labels), (weak, strong))`.

        Returns:
            The means so far this epoch of everything in `logged`.
        """
        batch = self.unpack(data)
        if self.microbatch_size is not None:
            return self._concluded(*microbatches.learn(self, batch))
        with passes.watching(self.teacher) as tape:
            labeled, weak, strong = self._teacher_logits(batch)
            pseudo_logits = teacher_losses.pseudo_logits(self, strong)
            pseudo_probs = tf.nn.softmax(pseudo_logits)
            with tape.stop_recording():
                key = self.key(Site.PSEUDO_LABEL)
                targets = feedbacks.targets(self.kind, pseudo_probs, key)
                lesson = self.teach(batch, targets)
            values = {
                **teacher_losses.of_labeled(self, batch, labeled),
                **teacher_losses.of_unlabeled(self, weak, strong, lesson),
            }
            parts = teacher_losses.reduced(values)
            loss = teacher_losses.weighted(self, parts)
            scaled = passes.scaled_loss(
                loss, self.teacher, self.teacher_optimizer
            )
        gradient = passes.gradients(tape, scaled, self.teacher)
        return self._concluded(
            {**parts, "teacher_loss": loss}, gradient, lesson
        )

    def _concluded(
        self, parts: dict[str, Tensor], scaled: list[Tensor], lesson: Lesson
    ) -> dict[str, Tensor]:
        """The teacher's own step, and the log of both."""
        gradient = passes.reduced(scaled, self.teacher_optimizer)
        rate = tf.identity(self.teacher_optimizer.learning_rate)
        self.descend(self.teacher, self.teacher_optimizer, gradient)
        self.step.assign_add(1)
        return self.log(
            summed={**parts, **lesson.summed},
            shared={
                "teacher_gradient_norm": losses.global_norm(gradient),
                "teacher_learning_rate": rate,
                **lesson.shared,
            },
        )

    def teach(self, batch: Batch, targets: Tensor) -> Lesson:
        """The student's half; what a control experiment overrides."""
        return lessons.teach(self, batch, targets)

    def _teacher_logits(self, batch: Batch) -> list[Tensor]:
        """One training-mode pass over labelled, weak and strong together.

        Without a weak view, the strong one's logits stand in its place.
        """
        views = [batch.labeled_inputs, *teacher_losses.views(self, batch)]
        key = self.key(Site.TEACHER)
        labeled, *rest = passes.forward_joined(self.teacher, views, key)
        return [labeled, rest[0], rest[-1]]

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments, networks serialised."""
        weight = self.feedback_weight
        if callable(weight):
            weight = keras.saving.serialize_keras_object(weight)
        return {
            **super().get_config(),
            "feedback": self.feedback,
            "feedback_scale": self.feedback_scale,
            "feedback_centering": self.feedback_centering,
            "feedback_weight": weight,
            "labeled_weight": self.labeled_weight,
            "student_labeled_weight": self.student_labeled_weight,
            "objective": self.objective,
            "consistency_weight": self.consistency_weight,
            "consistency_ramp_steps": self.consistency_ramp_steps,
            "temperature": self.temperature,
            "pseudo_label_temperature": self.pseudo_label_temperature,
            "confidence_threshold": self.confidence_threshold,
            "cosine_floor": self.cosine_floor,
            "microbatch_size": self.microbatch_size,
        }
