"""Draws Figure 2, and both boundaries over training, from a new training.

    python -m benchmarks.tables.draw_two_moons no_labels --seed 0

It writes `benchmarks/figures/two_moons_SETTING.png` (three panels, as in the
paper) and `.gif` (teacher and student of Meta Pseudo Labels over training).
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from absl import app
from absl import flags
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from benchmarks.accuracy import two_moons
from benchmarks.accuracy.two_moons_settings import SETTINGS
from benchmarks.common import folders
from keras_mpl import report

PANELS = {
    "supervised": "Supervised",
    "pseudo_labels": "Pseudo Labels",
    "soft": "Meta Pseudo Labels",
}
_SEED = flags.DEFINE_integer("seed", 0, "Data set that is drawn.")


def _classifier(network: keras.Model) -> Callable[[np.ndarray], np.ndarray]:
    return lambda points: np.argmax(network(points), axis=-1)


def _percent_right(network: keras.Model, seed: int) -> float:
    points, labels, _ = two_moons.moons(seed)
    return 100 * float((_classifier(network)(points) == labels).mean())


class Frames(keras.callbacks.Callback):
    """Keeps how both networks divide the plane, every 500 steps.

    Attributes:
        kept: The step of each frame, and its panels by title.
    """

    def __init__(self, seed: int):
        super().__init__()
        self.seed = seed
        self.points = two_moons.moons(seed)[0]
        self.kept: list[tuple[int, dict[str, Any]]] = []

    def on_epoch_end(
        self, epoch: int, logs: dict[str, float] | None = None
    ) -> None:
        """Keeps one frame."""
        del logs
        panels = {}
        for name, network in self.model.networks.items():
            title = f"{name}: {_percent_right(network, self.seed):.1f} % right"
            panels[title] = report.decision_regions(
                _classifier(network), self.points
            )
        self.kept.append((500 * (epoch + 1), panels))


def _picture(step: int, panels: dict[str, Any], seed: int) -> Image.Image:
    """Draws one frame: the teacher's panel, then the student's."""
    ordered = dict(sorted(panels.items(), reverse=True))
    figure = report.plane(
        ordered, *two_moons.moons(seed), title=f"step {step:,}", dpi=70
    )
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    size = canvas.get_width_height()
    image = Image.frombuffer("RGBA", size, canvas.buffer_rgba())
    return image.convert("RGB").quantize(48)


def draw(name: str, seed: int) -> None:
    """Trains the three methods anew and draws them.

    Args:
        name: Of the setting.
        seed: Of the data set.
    """
    folders.FIGURES.mkdir(exist_ok=True)
    frames, panels = Frames(seed), {}
    for row, title in PANELS.items():
        callbacks = [frames] if row == "soft" else []
        model = two_moons.train(SETTINGS[name][row], seed, callbacks)
        student = model.student
        words = f"{title}: {_percent_right(student, seed):.1f} % right"
        panels[words] = report.decision_regions(
            _classifier(student), frames.points
        )
    figure = report.plane(panels, *two_moons.moons(seed))
    figure.savefig(folders.FIGURES / f"two_moons_{name}.png")
    first, *others = (_picture(*frame, seed) for frame in frames.kept)
    first.save(
        folders.FIGURES / f"two_moons_{name}.gif",
        save_all=True,
        append_images=others,
        duration=[350] * len(others) + [2500],
        loop=0,
        optimize=True,
    )


def main(argv: list[str]) -> None:
    """Draws one setting."""
    [name] = argv[1:]
    draw(name, _SEED.value)


if __name__ == "__main__":
    app.run(main)
