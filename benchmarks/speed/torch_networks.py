"""The same networks in PyTorch, and their time: see models_speed.py.

Needs torch alone. Paddings are even where TensorFlow's are not: the work is
the same.
"""

import json
import math
import sys

import torch
from torch import nn
from torch.nn import functional

from benchmarks.common import timing


def norm(channels):
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def convolution(channels, filters, size, stride=1, groups=1):
    return nn.Conv2d(
        channels,
        filters,
        size,
        stride,
        padding=size // 2,
        groups=groups,
        bias=False,
    )


class WideBlock(nn.Module):
    """Normalise, activate, convolve, twice; a shortcut."""

    def __init__(self, channels, filters, stride):
        super().__init__()
        self.norms = nn.ModuleList([norm(channels), norm(filters)])
        self.first = convolution(channels, filters, 3, stride)
        self.second = convolution(filters, filters, 3)
        self.shortcut = None
        if stride != 1 or channels != filters:
            self.shortcut = convolution(channels, filters, 1, stride)

    def forward(self, x):  # noqa: D102
        activated = functional.leaky_relu(self.norms[0](x), 0.1, inplace=True)
        shortcut = x if self.shortcut is None else self.shortcut(activated)
        x = self.first(activated)
        x = functional.leaky_relu(self.norms[1](x), 0.1, inplace=True)
        return shortcut + self.second(x)


def wide_resnet(depth, width, num_classes=10):
    layers = [convolution(3, 16, 3)]
    channels = 16
    for stage, first in enumerate((1, 2, 2)):
        filters = 16 * width * 2**stage
        for block in range((depth - 4) // 6):
            stride = first if block == 0 else 1
            layers.append(WideBlock(channels, filters, stride))
            channels = filters
    return nn.Sequential(
        *layers,
        norm(channels),
        nn.LeakyReLU(0.1, inplace=True),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(channels, num_classes),
    )


def wrn_28_2():
    return wide_resnet(28, 2)


class Excitation(nn.Module):
    """Weighs channels by what their means say."""

    def __init__(self, channels, squeezed):
        super().__init__()
        self.reduce = nn.Conv2d(channels, squeezed, 1)
        self.expand = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x):  # noqa: D102
        weight = functional.silu(self.reduce(x.mean((2, 3), keepdim=True)))
        return x * torch.sigmoid(self.expand(weight))


class Bottleneck(nn.Module):
    """Expand, filter by channel, weigh, project."""

    def __init__(self, channels, filters, size, stride, expansion):
        super().__init__()
        wide = channels * expansion
        layers = []
        if expansion != 1:
            layers += [convolution(channels, wide, 1), norm(wide), nn.SiLU()]
        self.layers = nn.Sequential(
            *layers,
            convolution(wide, wide, size, stride, groups=wide),
            norm(wide),
            nn.SiLU(),
            Excitation(wide, max(1, channels // 4)),
            convolution(wide, filters, 1),
            norm(filters),
        )
        self.has_residual = stride == 1 and channels == filters

    def forward(self, x):  # noqa: D102
        outputs = self.layers(x)
        return x + outputs if self.has_residual else outputs


def efficientnet_b0():
    stages = (
        (1, 3, 16, 1, 1),
        (2, 3, 24, 2, 6),
        (2, 5, 40, 2, 6),
        (3, 3, 80, 2, 6),
        (3, 5, 112, 1, 6),
        (4, 5, 192, 2, 6),
        (1, 3, 320, 1, 6),
    )
    layers = [convolution(3, 32, 3, 2), norm(32), nn.SiLU()]
    channels = 32
    for blocks, size, filters, stride, expansion in stages:
        for block in range(blocks):
            step = stride if block == 0 else 1
            layers.append(Bottleneck(channels, filters, size, step, expansion))
            channels = filters
    return nn.Sequential(
        *layers,
        convolution(channels, 1280, 1),
        norm(1280),
        nn.SiLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(1280, 1000),
    )


def main():
    settings = json.loads(sys.argv[1])
    torch.set_num_threads(settings["threads"])
    network = {"wrn_28_2": wrn_28_2, "efficientnet_b0": efficientnet_b0}
    model = network[settings["network"]]().train()
    shape = settings["batch_size"], 3, settings["size"], settings["size"]
    images = torch.randn(shape)
    if settings["library"].endswith("channels last"):
        model = model.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    labels = torch.zeros(settings["batch_size"], dtype=torch.long)

    def step():
        model.zero_grad(set_to_none=True)
        functional.cross_entropy(model(images), labels).backward()

    timing.measure(
        step,
        steps=settings["steps"],
        batch_size=settings["batch_size"],
        network=settings["network"],
        library=settings["library"],
        parameters=sum(math.prod(w.shape) for w in model.parameters()),
        version=f"torch {torch.__version__}",
    )


if __name__ == "__main__":
    main()
