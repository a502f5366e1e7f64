"""Draws Figure 2, and both boundaries over training, from a new training.

    python benchmarks/draw_two_moons.py no_labels --seed 0

Writes `benchmarks/figures/two_moons_SETTING.png` (three panels, as in the
paper) and `.gif` (teacher and student of Meta Pseudo Labels over training).
"""

import pathlib

import keras
import numpy as np
import two_moons
from absl import app
from absl import flags
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from PIL import Image

FIGURES = pathlib.Path(__file__).parent / "figures"
PANELS = {
    "supervised": "Supervised",
    "pseudo_labels": "Pseudo Labels",
    "soft": "Meta Pseudo Labels",
}
COLORS = ("#D55E00", "#0072B2")  # Okabe and Ito's: the colour-blind see both
SHADES = ("#F7DFD0", "#CFE3F0")
GRID = 161

_SEED = flags.DEFINE_integer("seed", 0, "Data set that is drawn.")


def _plane(points):
    low, high = points.min(axis=0) - 0.35, points.max(axis=0) + 0.35
    return [np.linspace(low[i], high[i], GRID) for i in (0, 1)]


def _regions(network, x, y):
    """Which class a network gives each point of the plane."""
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    logits = network(grid.astype(np.float32))
    return np.argmax(logits, axis=-1).reshape(GRID, GRID)


def _panel(axes, title, classes, x, y, seed):
    points, labels, shown = two_moons.moons(seed)
    axes.imshow(
        classes,
        extent=(x[0], x[-1], y[0], y[-1]),
        origin="lower",
        cmap=ListedColormap(SHADES),
        vmin=0,
        vmax=1,
        aspect="equal",
    )
    for k, (color, marker) in enumerate(zip(COLORS, "o^", strict=True)):
        own = points[labels == k]
        axes.scatter(*own.T, s=5, c=color, marker=marker, linewidths=0)
        stars = points[[i for i in shown if labels[i] == k]]
        axes.scatter(
            *stars.T, s=190, c=color, marker="*", edgecolors="black", zorder=3
        )
    axes.set_title(title, fontsize=11)
    axes.set_xticks([])
    axes.set_yticks([])


def _right(network, seed):
    points, labels, _ = two_moons.moons(seed)
    return float((np.argmax(network(points), axis=-1) == labels).mean())


class Frames(keras.callbacks.Callback):
    """Keeps what both networks say of the plane, every 500 steps."""

    def __init__(self, seed):
        super().__init__()
        self.seed = seed
        self.plane = _plane(two_moons.moons(seed)[0])
        self.kept = []

    def on_epoch_end(self, epoch, logs=None):
        """Keeps one frame."""
        del logs
        frame = {"step": 500 * (epoch + 1)}
        for name, network in self.model.networks.items():
            classes = _regions(network, *self.plane)
            frame[name] = (classes, _right(network, self.seed))
        self.kept.append(frame)


def _frame(frame, plane, seed):
    figure = Figure(figsize=(7.2, 3.2), dpi=80, layout="constrained")
    figure.suptitle(f"step {frame['step']:,}", fontsize=11)
    panels = figure.subplots(1, 2)
    for axes, name in zip(panels, ("teacher", "student"), strict=True):
        classes, right = frame[name]
        title = f"{name}: {100 * right:.1f} % right"
        _panel(axes, title, classes, *plane, seed)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.frombuffer(
        "RGBA", canvas.get_width_height(), canvas.buffer_rgba()
    )
    return image.convert("RGB").quantize(48)


def draw(name, seed):
    """Trains the three methods anew and draws them."""
    FIGURES.mkdir(exist_ok=True)
    figure = Figure(figsize=(12.6, 4.0), dpi=100, layout="constrained")
    frames = Frames(seed)
    for axes, (row, title) in zip(
        figure.subplots(1, 3), PANELS.items(), strict=True
    ):
        setting = two_moons.SETTINGS[name][row]
        callbacks = [frames] if row == "soft" else []
        model = two_moons.train(setting, seed, callbacks)
        right = _right(model.student, seed)
        classes = _regions(model.student, *frames.plane)
        words = f"{title}: {100 * right:.1f} % right"
        _panel(axes, words, classes, *frames.plane, seed)
    figure.savefig(FIGURES / f"two_moons_{name}.png")
    images = [_frame(frame, frames.plane, seed) for frame in frames.kept]
    images[0].save(
        FIGURES / f"two_moons_{name}.gif",
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
