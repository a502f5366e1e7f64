"""Python that uses a student in another program, as Markdown."""

from typing import Literal
from typing import TypeAlias

Format: TypeAlias = Literal["keras", "saved_model", "onnx", "tflite"]

_READ = """\
image = Image.open("photo.jpg")
{draft}image = ImageOps.exif_transpose(image).convert("RGBA")
ground = Image.new("RGBA", image.size, "gray")  # behind what is clear
image = Image.alpha_composite(ground, image).convert("{mode}")
pixels = np.asarray(image, "float32")
pixels = pixels.reshape(1, image.height, image.width, {channels})
"""
# Large JPEG files are decoded smaller, as `keras-mpl predict` does.
_DRAFT = "image.draft(None, ({size}, {size}))\n"
_LOAD: dict[Format, str] = {
    "keras": """\
student = keras.models.load_model({file})
answers = student.predict(pixels)
""",
    "saved_model": """\
student = tf.saved_model.load({file})
answers = student.serve(pixels).numpy()
""",
    "onnx": """\
student = onnxruntime.InferenceSession({file})
[answers] = student.run(None, {{student.get_inputs()[0].name: pixels}})
""",
    "tflite": """\
student = Interpreter({file})
place = student.get_input_details()[0]["index"]
student.resize_tensor_input(place, pixels.shape)
student.allocate_tensors()
student.set_tensor(place, pixels)
student.invoke()
answers = student.get_tensor(student.get_output_details()[0]["index"])
""",
}
_IMPORT: dict[Format, str] = {
    "keras": "import keras\nimport numpy as np\n",
    "saved_model": "import numpy as np\nimport tensorflow as tf\n",
    "onnx": "import numpy as np\nimport onnxruntime\n",
    "tflite": (
        "import numpy as np\n"
        "from ai_edge_litert.interpreter import Interpreter\n"
    ),
}
_PILLOW = "from PIL import Image\nfrom PIL import ImageOps\n"
_NAME = """\
names = pathlib.Path("labels.txt").read_text("utf-8").split("\\n")
print(names[answers[0].argmax()])
"""


def of_pixels(
    file: str,
    format: Format,
    *,
    channels: int,
    is_named: bool,
    draft_size: int | None = None,
) -> str:
    """Returns lines that classify an image file.

    Args:
        file: Name of the file of the student.
        format: Its format.
        channels: Colour channels that it takes.
        is_named: Whether there is a `labels.txt` beside it.
        draft_size: Pixels to which a JPEG file may be decoded; `None` for
            all of them.

    Returns:
        A block of code, in Markdown.
    """
    mode = "L" if channels == 1 else "RGB"
    tail = _NAME if is_named else "print(answers[0].argmax())\n"
    imports = "import pathlib\n\n" if is_named else ""
    imports += f"{_IMPORT[format]}{_PILLOW}"
    draft = "" if draft_size is None else _DRAFT.format(size=draft_size)
    read = _READ.format(mode=mode, channels=channels, draft=draft)
    return _block(imports, read + _loading(file, format) + tail)


def of_inputs(file: str, format: Format) -> str:
    """Returns lines that give a student `inputs`, as its network takes them.

    Args:
        file: Name of the file of the student.
        format: Its format.

    Returns:
        A block of code, in Markdown.
    """
    lines = _loading(file, format).replace("pixels", "inputs")
    return _block(_IMPORT[format], lines)


def _loading(file: str, format: Format) -> str:
    return _LOAD[format].format(file=ascii(file))


def _block(imports: str, lines: str) -> str:
    return f"```python\n{imports}\n{lines}```"
