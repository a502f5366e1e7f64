"""Where the images are that a program does not make by itself."""

from absl import flags

DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "Folder of CIFAR-10, as tensorflow-datasets prepares it."
)
