"""A short run, and what it writes where: the places in which it can fail."""

from keras_mpl import cli
from keras_mpl import models
from keras_mpl.report import progress
from keras_mpl.runner.execution import closing
from keras_mpl.runner.execution import fitting
from keras_mpl.runner.execution import jobs
from keras_mpl.runner.execution import snapshots

SETTINGS = (
    "train_steps=4",
    "eval_every_steps=2",
    "student.warmup_steps=0",
    "teacher.warmup_steps=0",
    "unlabeled_ratio=1",
    "model=mlp_64_64",
    "baselines=",
)


def command(folder):
    words = [word for item in SETTINGS for word in ("--set", item)]
    return cli.main(["run", "digits_20", "--output", str(folder), *words])


# What is being written.
PLACES = {
    "a record": (progress.MetricsLog, "on_epoch_end"),
    "a snapshot": (snapshots, "_write"),
    "the last snapshot": (fitting, "finish"),
    "the student": (models, "export"),
    "the pictures": (jobs.pictures, "draw"),
    "the report": (jobs.report, "replace"),
    "the result": (closing, "write_up"),
}
