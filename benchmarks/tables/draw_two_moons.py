"""Draws Figure 2, and both boundaries over training, from a new training.

    python -m benchmarks.tables.draw_two_moons no_labels --seed 0

Writes `benchmarks/figures/two_moons_SETTING.png` (three panels, as in the
paper) and `.gif` (teacher and student of Meta Pseudo Labels over training).
"""

import keras
import numpy as np
from absl import app
from absl import flags
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from benchmarks.accuracy import two_moons
from benchmarks.common import folders
from keras_mpl import report

PANELS = {
    "supervised": "Supervised",
    "pseudo_labels": "Pseudo Labels",
    "soft": "Meta Pseudo Labels",
}
_SEED = flags.DEFINE_integer("seed", 0, "Data set that is drawn.")


def _classify(network):
    return lambda places: np.argmax(network(places), axis=-1)


def _right(network, seed):
    points, labels, _ = two_moons.moons(seed)
    return float((np.argmax(network(points), axis=-1) == labels).mean())


class Frames(keras.callbacks.Callback):
    """Keeps what both networks say of the plane, every 500 steps."""

    def __init__(self, seed):
        super().__init__()
        self.seed = seed
        self.points = two_moons.moons(seed)[0]
        self.kept = []

    def on_epoch_end(self, epoch, logs=None):
        """Keeps one frame."""
        del logs
        frame = {}
        for name, network in self.model.networks.items():
            right = 100 * _right(network, self.seed)
            regions = report.decision_regions(_classify(network), self.points)
            frame[f"{name}: {right:.1f} % right"] = regions
        self.kept.append((500 * (epoch + 1), frame))


def _frame(step, panels, seed):
    """One picture of the animation: the teacher's panel, then the student's."""
    ordered = dict(sorted(panels.items(), reverse=True))
    figure = report.plane(
        ordered, *two_moons.moons(seed), title=f"step {step:,}", dpi=70
    )
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    size = canvas.get_width_height()
    image = Image.frombuffer("RGBA", size, canvas.buffer_rgba())
    return image.convert("RGB").quantize(48)


def draw(name, seed):
    """Trains the three methods anew and draws them."""
    folders.FIGURES.mkdir(exist_ok=True)
    frames, panels = Frames(seed), {}
    for row, title in PANELS.items():
        setting = two_moons.SETTINGS[name][row]
        callbacks = [frames] if row == "soft" else []
        student = two_moons.train(setting, seed, callbacks).student
        words = f"{title}: {100 * _right(student, seed):.1f} % right"
        panels[words] = report.decision_regions(
            _classify(student), frames.points
        )
    figure = report.plane(panels, *two_moons.moons(seed))
    figure.savefig(folders.FIGURES / f"two_moons_{name}.png")
    images = [_frame(*kept, seed) for kept in frames.kept]
    images[0].save(
        folders.FIGURES / f"two_moons_{name}.gif",
        save_all=True,
        append_images=images[1:],
        duration=[350] * (len(images) - 1) + [2500],
        loop=0,
        optimize=True,
    )


def main(argv):
    """Draws one setting."""
    [name] = argv[1:]
    draw(name, _SEED.value)


if __name__ == "__main__":
    app.run(main)
