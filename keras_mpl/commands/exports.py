"""The command that writes a student for other programs."""

from absl import flags

from keras_mpl.commands import shared

_FORMATS = ("keras", "saved_model", "onnx", "tflite")


def _export_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_enum(
        "format",
        "keras",
        _FORMATS,
        "keras, saved_model, onnx or tflite; default: keras.",
        flag_values=values,
    )
    flags.DEFINE_boolean(
        "softmax",
        False,
        "Answer with probabilities in place of logits.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "output",
        None,
        "The file to write, or the folder of a SavedModel; default: in "
        "export/FORMAT of the run folder.",
        flag_values=values,
    )


def _export(arguments: list[str], values: flags.FlagValues) -> None:
    found = shared.runner().export(
        arguments[0],
        format=values["format"].value,
        softmax=values["softmax"].value,
        output=values["output"].value,
    )
    print(
        f"{found.path}, read again by {found.runtime}: the largest difference "
        f"of its answers on {found.num_checked} inputs is "
        f"{found.largest_difference:.1e}"
    )
    print("labels.txt and MODEL_CARD.md are beside it")


COMMANDS = {
    "export": shared.Command(
        "RUN",
        "Write the student of a run for other programs, with a model card.",
        _export_flags,
        _export,
    ),
}
