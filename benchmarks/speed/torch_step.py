"""A plain step of Meta Pseudo Labels in PyTorch, a worker of `throughput.py`.

    python -m benchmarks.speed.torch_step '{"model": "wrn_28_2", ...}'

It has the order of the most-used port: the teacher sees labelled, weak and
strong images at once, the student labelled and strong ones; the pseudo labels
are hard; the student's labelled loss before and after its step is the feedback.
It needs torch alone, and is written without any trick.
"""

import json
import re
import sys
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from benchmarks.common import turns
from benchmarks.speed import torch_networks

_CLASSES = 10
_CLIP, _DECAY = 5.0, 0.995
_TEMPERATURE, _THRESHOLD, _WEIGHT = 0.7, 0.6, 8.0


def network(name):
    """Builds a wide residual network by its name, such as `wrn_28_2`."""
    depth, width = map(int, re.findall(r"\d+", name))
    return torch_networks.wide_resnet(depth, width, num_classes=_CLASSES)


class Step:
    """Teacher, student and its average, and what a step does to them.

    Args:
        given: The fields of a `throughput.Case`.
    """

    def __init__(self, given):
        layout = torch.contiguous_format
        if given["layout"] == "channels last":
            layout = torch.channels_last
        self._layout = layout
        self._size = given["size"]
        self._is_mixed = given["precision"] == "mixed_bfloat16"
        self.teacher, self.student = (
            network(given["model"]).train().to(memory_format=layout)
            for _ in range(2)
        )
        self.average = [w.detach().clone() for w in self.student.parameters()]
        self._optimizers = {
            one: torch.optim.SGD(one.parameters(), 0.05, 0.9, nesterov=True)
            for one in (self.teacher, self.student)
        }
        labeled = given["batch_size"]
        unlabeled = labeled * given["ratio"]
        self._sizes = labeled, unlabeled, unlabeled
        self._labels = torch.randint(0, _CLASSES, (labeled,))
        self._labeled, self._weak, self._strong = map(self._noise, self._sizes)

    def _noise(self, count):
        images = torch.randn(count, 3, self._size, self._size)
        return images.to(memory_format=self._layout)

    def _logits(self, network, *images):
        with torch.autocast("cpu", torch.bfloat16, enabled=self._is_mixed):
            logits = network(torch.cat(images) if images[1:] else images[0])
        return logits.float()

    def _descend(self, network, loss):
        optimizer = self._optimizers[network]
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), _CLIP)
        optimizer.step()

    def _learn(self, pseudo_labels):
        """Takes the student's step; returns what it gained on the labels."""
        logits = self._logits(self.student, self._labeled, self._strong)
        labeled, strong = logits.split(self._sizes[:2])
        before = functional.cross_entropy(labeled.detach(), self._labels)
        loss = functional.cross_entropy(strong, pseudo_labels)
        self._descend(self.student, loss)
        with torch.no_grad():
            now = [weight.detach() for weight in self.student.parameters()]
            torch._foreach_lerp_(self.average, now, 1 - _DECAY)
            logits = self._logits(self.student, self._labeled)
            return before - functional.cross_entropy(logits, self._labels)

    def __call__(self):
        """Takes a step of both; returns the teacher's loss."""
        images = self._labeled, self._weak, self._strong
        logits = self._logits(self.teacher, *images)
        labeled, weak, strong = logits.split(self._sizes)
        labeled_loss = functional.cross_entropy(labeled, self._labels)
        targets = (weak.detach() / _TEMPERATURE).softmax(-1)
        mask = (targets.amax(-1) >= _THRESHOLD).float()
        consistency = -(targets * strong.log_softmax(-1)).sum(-1) * mask
        pseudo_labels = strong.detach().argmax(-1)
        gain = self._learn(pseudo_labels)
        meta_loss = gain * functional.cross_entropy(strong, pseudo_labels)
        loss = labeled_loss + _WEIGHT * consistency.mean() + meta_loss
        self._descend(self.teacher, loss)
        return float(loss.detach())


def work(given: Mapping[str, Any]) -> turns.Work:
    """Builds the step of a configuration."""
    if given["threads"]:
        torch.set_num_threads(given["threads"])
    torch.manual_seed(0)
    step = Step(given)
    return turns.Work(step, lambda: {"torch": torch.__version__})


def main() -> None:
    """Is a worker for the configuration in the first argument."""
    given = json.loads(sys.argv[1])
    turns.serve(lambda: work(given))


if __name__ == "__main__":
    main()
