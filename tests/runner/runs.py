"""Settings that make a run so short that a test can wait for it."""

TINY = (
    "train_steps=4",
    "eval_every_steps=2",
    "student.warmup_steps=0",
    "teacher.warmup_steps=0",
    "unlabeled_ratio=2",
)
SHORT = (
    "train_steps=2",
    "eval_every_steps=2",
    "student.warmup_steps=0",
    "teacher.warmup_steps=0",
    "unlabeled_ratio=2",
    "baselines=",
)
